#include "base/random_access_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
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

  Result<uint64_t> Size() const override {
    struct stat status = {};
    if (fstat(descriptor_.get(), &status) != 0) return ErrnoStatus(name_, errno);
    return static_cast<uint64_t>(status.st_size);
  }

  Status Sync() override {
    return fsync(descriptor_.get()) == 0 ? Status() : ErrnoStatus(name_, errno);
  }

 private:
  FileDescriptor descriptor_;
  std::string name_;
};

std::unique_ptr<RandomAccessFile> FileOf(FileDescriptor descriptor, const std::string& name) {
  return std::make_unique<PosixFile>(std::move(descriptor), name);
}

}  // namespace

Result<std::unique_ptr<RandomAccessFile>> OpenFileToRead(const std::string& path) {
  Result<FileDescriptor> descriptor = FileDescriptor::Open(path);
  if (!descriptor.ok()) return descriptor.status();
  return FileOf(*std::move(descriptor), path);
}

Result<NewFile> NewFile::Create(const std::string& path) {
  struct stat status = {};
  if (lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return InvalidArgument(path + ": is there and no regular file");
  }
  std::string temporary = path + ".XXXXXX";
  const int descriptor = mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return ErrnoStatus(path, errno);
  return NewFile(path, temporary, FileOf(FileDescriptor(descriptor), path));
}

NewFile::~NewFile() {
  if (file_ != nullptr) unlink(temporary_.c_str());
}

Status NewFile::Finish() {
  DYNSPLIT_RETURN_IF_ERROR(file_->Sync());
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return ErrnoStatus(path_, errno);
  file_.reset();
  return {};
}

Result<std::unique_ptr<RandomAccessFile>> OpenUnnamedFile(const std::string& dir) {
  const std::string name = dir + " (unnamed file)";
  int descriptor = -1;
  errno = EOPNOTSUPP;
#ifdef O_TMPFILE
  descriptor = open(dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
#endif
  const bool has_none = errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL;
  if (descriptor < 0 && has_none) {
    // The file system has no such thing. Then there is a name, for a moment.
    std::string pattern = dir + "/dynsplit-XXXXXX";
    descriptor = mkostemp(pattern.data(), O_CLOEXEC);
    if (descriptor >= 0) unlink(pattern.c_str());
  }
  if (descriptor < 0) return ErrnoStatus(dir, errno);
  return FileOf(FileDescriptor(descriptor), name);
}

}  // namespace dynsplit
