#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace dynsplit {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 16;

}  // namespace

Status ErrnoStatus(const std::string& path, int error) {
  std::string message = path + ": " + std::generic_category().message(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return NotFound(std::move(message));
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ENOSPC:
    case EDQUOT:
      return ResourceExhausted(std::move(message));
    default:
      return IoError(std::move(message));
  }
}

Result<FileDescriptor> FileDescriptor::Open(const std::string& path, int flags) {
  if (path.find('\0') != std::string::npos) return NotFound(path + ": path has a null byte");
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  if (file.get() < 0) return ErrnoStatus(path, errno);
  struct stat status = {};
  if (fstat(file.get(), &status) != 0) return ErrnoStatus(path, errno);
  if (S_ISDIR(status.st_mode)) return InvalidArgument(path + ": is a directory, wanted a file");
  return file;
}

Result<FileDescriptor> FileDescriptor::OpenRegular(const std::string& path) {
  // Non-blocking, for a pipe without a writer would wait for ever.
  Result<FileDescriptor> file = Open(path, O_NONBLOCK);
  if (!file.ok()) return file;
  struct stat status = {};
  if (fstat(file->get(), &status) != 0) return ErrnoStatus(path, errno);
  if (!S_ISREG(status.st_mode)) return InvalidArgument(path + ": not a regular file");
  return file;
}

FileDescriptor::FileDescriptor(FileDescriptor&& o) noexcept
    : descriptor_(std::exchange(o.descriptor_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& o) noexcept {
  std::swap(descriptor_, o.descriptor_);
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<std::string> ReadFile(const std::string& path, size_t max_bytes) {
  Result<FileDescriptor> file = FileDescriptor::Open(path);
  if (!file.ok()) return file.status();
  std::string content;
  for (;;) {
    const size_t size = content.size();
    content.resize(size + kChunkBytes);
    const ssize_t got = read(file->get(), content.data() + size, kChunkBytes);
    const int error = errno;
    content.resize(size + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return content;
    if (got < 0 && error != EINTR) return ErrnoStatus(path, error);
    if (content.size() > max_bytes) {
      return ResourceExhausted(path + ": larger than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

}  // namespace dynsplit
