#include "apps/common/known_models.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>

namespace dynsplit {
namespace {

constexpr KnownModel kKnownModels[] = {
#include "generated/known_models.inc"
};

// A variable that is set but empty counts as not set, as in the scripts.
std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::span<const KnownModel> KnownModels() { return kKnownModels; }

std::string ModelsFolder() {
  if (const std::string models = Environment("DYNSPLIT_MODELS"); !models.empty()) return models;
  if (const std::string cache = Environment("DYNSPLIT_CACHE"); !cache.empty()) {
    return cache + "/models";
  }
  if (const std::string cache = Environment("XDG_CACHE_HOME"); !cache.empty()) {
    return cache + "/dynsplit/models";
  }
  const std::string home = Environment("HOME");
  return (home.empty() ? "/var/tmp" : home) + "/.cache/dynsplit/models";
}

std::string KnownModelPath(std::string_view name) {
  return ModelsFolder() + "/" + std::string(name) + ".gguf";
}

std::string KnownNames() {
  std::string names = "; known names are:";
  for (const KnownModel& model : KnownModels()) names += " " + std::string(model.name);
  return names;
}

std::string HowToGet(std::string_view name) { return "dynsplit models --get " + std::string(name); }

Result<std::string> FindModel(const std::string& path_or_name) {
  const auto known = KnownModels();
  const bool is_known = std::any_of(known.begin(), known.end(), [&](const KnownModel& model) {
    return model.name == path_or_name;
  });
  const std::string path = is_known ? KnownModelPath(path_or_name) : path_or_name;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return InvalidArgument("model " + path + " is a folder, wanted a .gguf file");
  }
  if (std::filesystem::exists(path, error)) return path;
  if (is_known) {
    return NotFound("model " + path_or_name + " is not in " + ModelsFolder() +
                    "; get it with: " + HowToGet(path_or_name));
  }
  return NotFound("no model file " + path_or_name + KnownNames());
}

}  // namespace dynsplit
