// A file in the temporary folder that goes away with the object.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/check.h"

namespace dynsplit::testing {

class TempFile {
 public:
  // Ends the test where the file cannot be written.
  explicit TempFile(std::string_view content)
      : path_(std::filesystem::temp_directory_path() / "dynsplit_test_XXXXXX") {
    const int descriptor = mkstemp(path_.data());
    DYNSPLIT_CHECK(descriptor >= 0);
    close(descriptor);
    std::ofstream file(path_, std::ios::binary);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    file.close();
    DYNSPLIT_CHECK(!file.fail());
  }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  ~TempFile() { unlink(path_.c_str()); }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace dynsplit::testing
