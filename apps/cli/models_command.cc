// dynsplit models: the known names, where they are, and getting them.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

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
    table.AddRow({"", "", "", state == "here" ? path : HowToGet(model.name)});
  }
  StandardOutput output;
  output.Write(table.ToString());
  const Status status = output.Finish();
  return status.ok() ? kGood : Failed(status);
}

// The script that knows how: in a folder above the program, of a source tree or of an installation.
Result<std::string> FindScript() {
  std::error_code error;
  std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", error);
  while (folder.has_relative_path()) {
    folder = folder.parent_path();
    for (const char* scripts : {"scripts", "share/dynsplit/scripts"}) {
      const std::filesystem::path script = folder / scripts / "get-model.sh";
      if (std::filesystem::is_regular_file(script, error)) return script.string();
    }
  }
  return NotFound("scripts/get-model.sh is in no folder above this program");
}

// Ends as the script does, whose process this one becomes.
ExitStatus GetModel(const std::string& name) {
  const auto known = KnownModels();
  const bool is_known = std::any_of(known.begin(), known.end(),
                                    [&](const KnownModel& model) { return model.name == name; });
  if (!is_known) return WrongUsage(NotFound("no model '" + name + "' is known" + KnownNames()));
  const Result<std::string> script = FindScript();
  if (!script.ok()) return Failed(script.status());
  setenv("SPEAKER", "dynsplit", /*overwrite=*/1);
  execlp("bash", "bash", script->c_str(), "--verify", name.c_str(), nullptr);
  return Failed(IoError(std::string("cannot run bash: ") + std::strerror(errno)));
}

}  // namespace

void AddModelsCommand(CLI::App* app, int* exit_status) {
  CLI::App* command = app->add_subcommand("models", "The known models, and how to get them");
  const auto name = std::make_shared<std::string>();
  CLI::Option* get =
      command->add_option("--get", *name, "Bring this one here, and check it")->type_name("NAME");
  command->callback([get, name, exit_status] {
    *exit_status = get->count() > 0 ? GetModel(*name) : ListModels();
  });
}

}  // namespace dynsplit::cli
