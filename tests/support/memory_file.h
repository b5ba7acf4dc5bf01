// A file in memory with a path that is valid within this process: for tests that need thousands.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "base/check.h"

namespace dynsplit::testing {

class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content) : descriptor_(memfd_create("test", MFD_CLOEXEC)) {
    DYNSPLIT_CHECK(descriptor_ >= 0);
    const ssize_t written = write(descriptor_, content.data(), content.size());
    DYNSPLIT_CHECK(written == static_cast<ssize_t>(content.size()));
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(descriptor_); }

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace dynsplit::testing
