// The models known by name (scripts/models.tsv), and where they are on this machine.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "dynsplit/status.h"

namespace dynsplit {

struct KnownModel {
  std::string_view name;
  int64_t size_bytes = 0;
  std::string_view sha256;
  std::string_view description;
};

std::span<const KnownModel> KnownModels();

// The folder that scripts/get-model.sh fills: $DYNSPLIT_MODELS, else $DYNSPLIT_CACHE/models, else
// dynsplit/models in $XDG_CACHE_HOME or ~/.cache.
std::string ModelsFolder();

// Where a known model is or would be.
std::string KnownModelPath(std::string_view name);

// "; known names are: a b".
std::string KnownNames();
// "dynsplit models --get NAME".
std::string HowToGet(std::string_view name);

// The file that a path or a known name stands for. NotFound, saying how to get it, where it is not
// there; InvalidArgument for a folder.
Result<std::string> FindModel(const std::string& path_or_name);

}  // namespace dynsplit
