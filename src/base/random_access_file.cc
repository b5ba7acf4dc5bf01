#include "base/random_access_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/file.h"

namespace dynsplit {
namespace {

class PosixFile final : public RandomAccessFile {
 public:
  PosixFile(FileDescriptor descriptor, std::string name)
      : descriptor_(std::move(descriptor)), name_(std::move(name)) {}

  Status ReadAt(uint64_t offset, std::span<std::byte> bytes) const override {
    while (!bytes.empty()) {
      const ssize_t got =
          pread(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoStatus(name_, errno);
      if (got == 0) {
        return IoError(name_ + ": ends at " + std::to_string(offset) + ", " +
                       std::to_string(bytes.size()) + " bytes more wanted");
      }
      offset += static_cast<uint64_t>(got);
      bytes = bytes.subspan(static_cast<size_t>(got));
    }
    return {};
  }

  Status WriteAt(uint64_t offset, std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t put =
          pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return ErrnoStatus(name_, errno);
      offset += static_cast<uint64_t>(put);
      bytes = bytes.subspan(static_cast<size_t>(put));
    }
    return {};
  }

 private:
  FileDescriptor descriptor_;
  std::string name_;
};

}  // namespace

Result<std::unique_ptr<RandomAccessFile>> OpenUnnamedFile(const std::string& dir) {
  const std::string name = dir + " (unnamed file)";
  int descriptor = -1;
#ifdef O_TMPFILE
  descriptor = open(dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
#endif
  if (descriptor < 0) {
    // The file system may have no such thing. Then there is a name, for a moment.
    std::string pattern = dir + "/dynsplit-XXXXXX";
    descriptor = mkostemp(pattern.data(), O_CLOEXEC);
    if (descriptor >= 0) unlink(pattern.c_str());
  }
  if (descriptor < 0) return ErrnoStatus(dir, errno);
  return std::unique_ptr<RandomAccessFile>(
      std::make_unique<PosixFile>(FileDescriptor(descriptor), name));
}

}  // namespace dynsplit
