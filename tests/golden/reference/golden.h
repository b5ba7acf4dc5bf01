// Reads the golden files of this folder, which make_reference.py writes.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace dynsplit {

// Throws, and so fails the test, where the file is missing or is not JSON.
inline nlohmann::json ReadGolden(const std::string& name) {
  std::ifstream in(DYNSPLIT_SOURCE_DIR "/tests/golden/reference/" + name);
  return nlohmann::json::parse(in);
}

}  // namespace dynsplit
