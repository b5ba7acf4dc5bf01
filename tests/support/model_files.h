// The real models that golden tests read, and what to do where one is missing.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace dynsplit::testing {

// $DYNSPLIT_MODELS/<name>.gguf; the folder is ~/.cache/dynsplit/models where that is not set.
inline std::string ModelFile(const std::string& name) {
  const char* models = std::getenv("DYNSPLIT_MODELS");
  const char* home = std::getenv("HOME");
  const std::string folder = models != nullptr ? std::string(models)
                             : home != nullptr ? std::string(home) + "/.cache/dynsplit/models"
                                               : ".";
  return folder + "/" + name + ".gguf";
}

inline bool ModelsAreRequired() {
  const char* required = std::getenv("DYNSPLIT_REQUIRE_MODELS");
  return required != nullptr && std::string(required) == "1";
}

}  // namespace dynsplit::testing

// Ends a test whose model file is missing: skipped, or failed where DYNSPLIT_REQUIRE_MODELS is 1.
#define DYNSPLIT_NEED_MODEL(path)                                                            \
  do {                                                                                       \
    if (!std::filesystem::exists(path)) {                                                    \
      if (::dynsplit::testing::ModelsAreRequired()) FAIL() << (path) << " is missing";       \
      GTEST_SKIP() << (path) << " is missing; scripts/get-model.sh NAME gets a known model"; \
    }                                                                                        \
  } while (0)
