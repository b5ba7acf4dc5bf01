// A file that is read and written at offsets. An interface, so that tests can make it fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "dynsplit/status.h"

namespace dynsplit {

// Thread safety: calls may run at once on distinct bytes.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;

  // Exactly bytes.size() bytes from `offset` on: what lies behind the end is an IoError.
  virtual Status ReadAt(uint64_t offset, std::span<std::byte> bytes) const = 0;
  // All of `bytes`; grows the file where needed. ResourceExhausted where the disk is full.
  virtual Status WriteAt(uint64_t offset, std::span<const std::byte> bytes) = 0;
};

// A file in `dir` that no name leads to: however the process ends, the system removes it, and two
// processes never meet. NotFound where there is no such directory, else as ErrnoStatus.
Result<std::unique_ptr<RandomAccessFile>> OpenUnnamedFile(const std::string& dir);

}  // namespace dynsplit
