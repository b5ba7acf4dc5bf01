// Small files read whole, and what the operating system's errors mean as a Status.
#pragma once

#include <cstddef>
#include <string>

#include "dynsplit/status.h"

namespace dynsplit {

// "<path>: <text of the errno value>": NotFound for a missing file, ResourceExhausted for missing
// memory, descriptors or room on a disk, else IoError.
Status ErrnoStatus(const std::string& path, int error);

// A file descriptor that closes itself. Not thread-safe.
class FileDescriptor {
 public:
  // Opens for reading; `flags` are added to O_RDONLY. A directory is InvalidArgument.
  static Result<FileDescriptor> Open(const std::string& path, int flags = 0);
  // The same at once for what would have to be waited for; what is no regular file is
  // InvalidArgument.
  static Result<FileDescriptor> OpenRegular(const std::string& path);
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}  // owns it
  FileDescriptor(FileDescriptor&& o) noexcept;
  FileDescriptor& operator=(FileDescriptor&& o) noexcept;
  ~FileDescriptor();

  int get() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// The whole content of a file or pipe. Errors as FileDescriptor::Open; ResourceExhausted where
// there are more than `max_bytes`. Memory: at most about twice the content or `max_bytes`.
Result<std::string> ReadFile(const std::string& path, size_t max_bytes);

}  // namespace dynsplit
