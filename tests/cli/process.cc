#include "cli/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "base/check.h"
#include "support/temp_file.h"

namespace dynsplit::testing {
namespace {

using Clock = std::chrono::steady_clock;

// In the child: its streams, its variables, its program.
[[noreturn]] void Become(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  for (const std::string& variable : options.variables) {
    const size_t equals = variable.find('=');
    setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
  }
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(126);
}

void ReadInto(int* pipe, std::string* text) {
  char buffer[4096];
  const ssize_t got = read(*pipe, buffer, sizeof(buffer));
  if (got > 0) {
    text->append(buffer, static_cast<size_t>(got));
  } else {
    close(*pipe);
    *pipe = -1;
  }
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  const TempFile input(options.input);
  int out[2];
  int err[2];
  DYNSPLIT_CHECK(pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0);
  const int in = open(input.path().c_str(), O_RDONLY | O_CLOEXEC);
  if (!options.stdout_path.empty()) {
    close(out[1]);
    out[1] = open(options.stdout_path.c_str(), O_WRONLY | O_CLOEXEC);
  }
  DYNSPLIT_CHECK(in >= 0 && out[1] >= 0);
  if (options.reader_gone) close(out[0]);
  pid_ = fork();
  DYNSPLIT_CHECK(pid_ >= 0);
  if (pid_ == 0) {
    dup2(in, STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    Become(arguments, options);
  }
  close(in);
  close(out[1]);
  close(err[1]);
  out_pipe_ = options.reader_gone ? -1 : out[0];
  err_pipe_ = err[0];
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (const int pipe : {out_pipe_, err_pipe_}) {
    if (pipe >= 0) close(pipe);
  }
}

bool Process::Pump() {
  pollfd files[] = {{out_pipe_, POLLIN, 0}, {err_pipe_, POLLIN, 0}};
  if (out_pipe_ < 0 && err_pipe_ < 0) return false;
  poll(files, 2, 100);
  if (files[0].revents != 0) ReadInto(&out_pipe_, &out_);
  if (files[1].revents != 0) ReadInto(&err_pipe_, &err_);
  return true;
}

bool Process::WaitForOut() {
  const auto deadline = Clock::now() + std::chrono::minutes(1);
  while (out_.empty()) {
    if (Clock::now() > deadline || !Pump()) return false;
  }
  return true;
}

bool Process::WaitForErr(const std::string& text) {
  const auto deadline = Clock::now() + std::chrono::minutes(1);
  while (err_.find(text) == std::string::npos) {
    if (Clock::now() > deadline || !Pump()) return false;
  }
  return true;
}

void Process::Signal(int signal) { kill(pid_, signal); }

int Process::Finish() {
  const auto deadline = Clock::now() + std::chrono::minutes(2);
  while (Pump()) {
    if (Clock::now() > deadline) kill(pid_, SIGKILL);
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::vector<std::string> DynsplitCommand(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {DYNSPLIT_PROGRAM};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

ProcessResult RunDynsplit(const std::vector<std::string>& arguments,
                          const ProcessOptions& options) {
  Process process(DynsplitCommand(arguments), options);
  ProcessResult result;
  result.status = process.Finish();
  result.out = process.out();
  result.err = process.err();
  return result;
}

}  // namespace dynsplit::testing
