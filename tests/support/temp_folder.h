// A folder in the temporary folder that goes away with the object, and its files as text.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "base/check.h"

namespace dynsplit::testing {

class TempFolder {
 public:
  TempFolder() : path_(std::filesystem::temp_directory_path() / "dynsplit_test_XXXXXX") {
    DYNSPLIT_CHECK(mkdtemp(path_.data()) != nullptr);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }

  std::string Read(const std::string& name) const {
    std::ifstream file(path_ + "/" + name, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream file(path_ + "/" + name, std::ios::binary);
    file << text;
    file.close();
    DYNSPLIT_CHECK(!file.fail());
  }

 private:
  std::string path_;
};

}  // namespace dynsplit::testing
