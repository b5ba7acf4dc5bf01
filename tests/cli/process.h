// Runs a program as a person or a script would: its own process, pipes, signals.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace dynsplit::testing {

struct ProcessOptions {
  std::string input = {};                   // of stdin, which then ends
  std::string stdout_path = {};             // "": a pipe that the test reads
  bool reader_gone = false;                 // nobody reads stdout
  std::vector<std::string> variables = {};  // "NAME=value", besides the test's own
};

class Process {
 public:
  Process(const std::vector<std::string>& arguments, const ProcessOptions& options = {});
  ~Process();  // kills what still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Until something stands on stdout, or `text` on stderr; false where the program ends before or a
  // minute has passed.
  bool WaitForOut();
  bool WaitForErr(const std::string& text);
  void Signal(int signal);
  // Until the program ends. Its exit status; -signal where a signal ended it; after two minutes it
  // is killed.
  int Finish();

  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }

 private:
  // Reads what is there, waiting up to 100 ms. False at the end of both.
  bool Pump();

  pid_t pid_ = -1;
  int out_pipe_ = -1;
  int err_pipe_ = -1;
  std::string out_;
  std::string err_;
};

struct ProcessResult {
  int status = 0;
  std::string out;
  std::string err;
};

// The dynsplit of this build with these arguments.
ProcessResult RunDynsplit(const std::vector<std::string>& arguments,
                          const ProcessOptions& options = {});
std::vector<std::string> DynsplitCommand(const std::vector<std::string>& arguments);

}  // namespace dynsplit::testing
