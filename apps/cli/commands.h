// The commands. Each function adds one to `app`; when it is the chosen one, it runs while the
// command line is parsed and leaves the program's exit status in *exit_status. Both pointers must
// outlive the parse.
#pragma once

#include <CLI/CLI.hpp>

namespace dynsplit::cli {

void AddRunCommand(CLI::App* app, int* exit_status);
void AddChatCommand(CLI::App* app, int* exit_status);
void AddServeCommand(CLI::App* app, int* exit_status);
void AddSplitCommand(CLI::App* app, int* exit_status);
void AddBenchCommand(CLI::App* app, int* exit_status);
void AddEvalCommand(CLI::App* app, int* exit_status);
void AddCalibrateCommand(CLI::App* app, int* exit_status);
void AddInfoCommand(CLI::App* app, int* exit_status);
void AddModelsCommand(CLI::App* app, int* exit_status);

}  // namespace dynsplit::cli
