// A file mapped into memory for reading. Thread safety: immutable, so reads need no lock. The file
// must not be truncated by others while it is mapped: the system would end the process (SIGBUS).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "dynsplit/status.h"

namespace dynsplit {

class MappedFile {
 public:
  // Errors as FileDescriptor::OpenRegular; Corruption for an empty one. Cost: no byte is read
  // before it is used.
  static Result<MappedFile> Open(const std::string& path);
  MappedFile(MappedFile&& o) noexcept;
  MappedFile& operator=(MappedFile&& o) noexcept;
  ~MappedFile();

  // The content; begins on a page boundary.
  std::span<const std::byte> bytes() const { return bytes_; }

  // Gives back the memory of the pages that lie wholly within [offset, offset + size) of the file.
  // Their content stays readable: it comes from the file again.
  void DropPages(uint64_t offset, uint64_t size) const;

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

}  // namespace dynsplit
