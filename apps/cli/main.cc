#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <sstream>

#include "apps/cli/commands.h"
#include "apps/cli/exit_status.h"
#include "apps/cli/standard_output.h"

namespace dynsplit::cli {
namespace {

constexpr const char* kExamples = R"(
Examples:
  dynsplit models --get smollm2-135m
  dynsplit run -m smollm2-135m -p "Why is the sky blue?"
  dynsplit run -m model.gguf -f report.txt -p "What was decided?" --budget 3%
  dynsplit run -m model.gguf -f report.txt -p "What was decided?" --method full --json
  dynsplit split -m smollm2-135m -f report.txt
  dynsplit bench -m model.gguf --context 2048,8192 --method full,dynsplit
  dynsplit chat -m model.gguf -f report.txt
  dynsplit serve -m model.gguf --port 8080
  dynsplit eval -m model.gguf --task niah-single --method full,dynsplit --budget 3% --out results
  dynsplit calibrate -m model.gguf -f prose.txt -f code.py
  dynsplit info -m model.gguf --context 100000

MODEL is the path of a .gguf file or a name that `dynsplit models` lists.
Exit status: 0 good, 1 failed, 2 wrong usage, 130 interrupted.
)";

int Main(int argc, char** argv) {
  CLI::App app("Long-context LLM inference with a semantically split KV cache", "dynsplit");
  app.set_version_flag("--version", "dynsplit " DYNSPLIT_VERSION);
  app.require_subcommand(1);
  app.footer(kExamples);
  int status = kGood;
  AddRunCommand(&app, &status);
  AddChatCommand(&app, &status);
  AddServeCommand(&app, &status);
  AddSplitCommand(&app, &status);
  AddBenchCommand(&app, &status);
  AddEvalCommand(&app, &status);
  AddCalibrateCommand(&app, &status);
  AddInfoCommand(&app, &status);
  AddModelsCommand(&app, &status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {  // --help, --version
    std::ostringstream text;
    app.exit(request, text, text);
    StandardOutput output;
    output.Write(text.str());
    return output.Finish().ok() ? kGood : Failed(output.Finish());
  } catch (const CLI::ParseError& error) {
    if (app.get_subcommands().empty() && !app.remaining().empty()) {
      return WrongUsage(InvalidArgument("no command or flag " + app.remaining().front()));
    }
    return WrongUsage(InvalidArgument(error.what()));
  }
  return status;
}

}  // namespace
}  // namespace dynsplit::cli

int main(int argc, char** argv) {
  // A reader that has gone is an error of the write, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
#ifdef M_MMAP_THRESHOLD
  // What the passes over a prompt needed goes back to the system: else glibc keeps it for later,
  // 12 MB after 131,072 tokens. A decoded token asks for none.
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
#endif
  try {
    return dynsplit::cli::Main(argc, argv);
  } catch (const std::exception& error) {  // out of memory, or a library's own
    return dynsplit::cli::Failed(dynsplit::Internal(error.what()));
  }
}
