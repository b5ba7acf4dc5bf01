// dynsplit models: the known names, where they are, how to get them.
#include <cstdio>
#include <filesystem>

#include "apps/cli/commands.h"
#include "apps/cli/exit_status.h"
#include "apps/cli/standard_output.h"
#include "apps/common/figures.h"
#include "apps/common/known_models.h"

namespace dynsplit::cli {
namespace {

// "here", "missing", or what is odd about the file.
std::string StateOf(const KnownModel& model, const std::string& path) {
  std::error_code error;
  const auto size_bytes = std::filesystem::file_size(path, error);
  if (error) return "missing";
  return static_cast<int64_t>(size_bytes) == model.size_bytes ? "here" : "wrong size";
}

ExitStatus ListModels() {
  Table table;
  for (const KnownModel& model : KnownModels()) {
    const std::string path = KnownModelPath(model.name);
    const std::string state = StateOf(model, path);
    table.AddRow({std::string(model.name), state, FormatBytes(model.size_bytes),
                  std::string(model.description)});
    table.AddRow(
        {"", "", "",
         state == "here" ? path : "scripts/get-model.sh " + std::string(model.name) + " gets it"});
  }
  StandardOutput output;
  output.Write(table.ToString());
  const Status status = output.Finish();
  return status.ok() ? kGood : Failed(status);
}

}  // namespace

void AddModelsCommand(CLI::App* app, int* exit_status) {
  CLI::App* command = app->add_subcommand("models", "The known models, and how to get them");
  command->callback([exit_status] { *exit_status = ListModels(); });
}

}  // namespace dynsplit::cli
