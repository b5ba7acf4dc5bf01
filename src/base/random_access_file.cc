#include "base/random_access_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/io_ring.h"
#include "base/read_threads.h"

namespace dynsplit {
namespace {

class PosixFile : public RandomAccessFile {
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

  void ReadMany(std::span<FileRead> reads) const override {
    if (reads.size() > 1 && !ReadByRing(reads) && CopyCached(reads)) {
      threads_.Read(reads);
    } else {
      // What was not read whole before is read again here, which says why.
      RandomAccessFile::ReadMany(reads);
    }
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
  // False where there is no ring, or it failed.
  bool ReadByRing(std::span<FileRead> reads) const {
    std::unique_ptr<IoRing> ring = TakeRing();
    if (ring == nullptr) return false;
    const bool works = ring->Read(reads);
    const std::scoped_lock lock(mutex_);
    if (works) {
      rings_.push_back(std::move(ring));
    } else {
      no_more_rings_ = true;  // it would be made anew each time, for nothing
    }
    return works;
  }

  // Moves the beginning of each read past what the system has of it in memory, a copy that no other
  // thread would make faster. Whether more is on a disk that has to be waited for; not where the
  // file system does not tell (tmpfs and overlayfs): threads cost more there than they may gain.
  bool CopyCached(std::span<FileRead> reads) const {
    bool waits = false;
    for (FileRead& read : reads) {
      const iovec to = {read.bytes.data(), read.bytes.size()};
      const ssize_t got =
          preadv2(descriptor_.get(), &to, 1, static_cast<off_t>(read.offset), RWF_NOWAIT);
      if (got < 0 && errno == EOPNOTSUPP) return false;
      if (got > 0) {
        read.offset += static_cast<uint64_t>(got);
        read.bytes = read.bytes.subspan(static_cast<size_t>(got));
      }
      waits = waits || !read.bytes.empty();
    }
    return waits;
  }

  // One for each thread that reads at the moment; null where there are none to be had.
  std::unique_ptr<IoRing> TakeRing() const {
    const std::scoped_lock lock(mutex_);
    if (!rings_.empty()) {
      std::unique_ptr<IoRing> ring = std::move(rings_.back());
      rings_.pop_back();
      return ring;
    }
    if (no_more_rings_) return nullptr;
    std::unique_ptr<IoRing> ring = IoRing::Create(descriptor_.get());
    no_more_rings_ = ring == nullptr;
    return ring;
  }

  FileDescriptor descriptor_;
  std::string name_;
  mutable std::mutex mutex_;  // of what follows
  mutable std::vector<std::unique_ptr<IoRing>> rings_;
  mutable bool no_more_rings_ = false;
  mutable ReadThreads threads_{this};  // for where there are no rings
};

std::unique_ptr<RandomAccessFile> FileOf(FileDescriptor descriptor, const std::string& name) {
  return std::make_unique<PosixFile>(std::move(descriptor), name);
}

// A file without a name. It grows by zeros, so many bytes at a time, before anything is written
// there: the system keeps what is written at once in large folios of its page cache, where pages of
// some KiB are found faster (2.3 KiB of 850 MB, ext4 of Linux 6.18: 1.05 us to read one, 1.3 where
// each was written for itself).
class UnnamedFile final : public PosixFile {
 public:
  using PosixFile::PosixFile;

  Status WriteAt(uint64_t offset, std::span<const std::byte> bytes) override {
    const uint64_t end = offset + bytes.size();
    if (end > grown_.load(std::memory_order_acquire)) Grow(end);
    return PosixFile::WriteAt(offset, bytes);
  }

 private:
  static constexpr uint64_t kGrowth = uint64_t{1} << 20;

  // What goes wrong here goes wrong again for who writes there, or never mattered.
  void Grow(uint64_t end) {
    const std::scoped_lock lock(growing_);
    static std::byte zeros[kGrowth];  // only read, so it takes no memory
    while (grown_.load(std::memory_order_relaxed) < end) {
      (void)PosixFile::WriteAt(grown_.load(std::memory_order_relaxed), zeros);
      grown_.fetch_add(kGrowth, std::memory_order_release);
    }
  }

  std::mutex growing_;
  std::atomic<uint64_t> grown_{0};  // bytes from the first on
};

std::unique_ptr<RandomAccessFile> UnnamedFileOf(int descriptor, const std::string& dir) {
  return std::make_unique<UnnamedFile>(FileDescriptor(descriptor), dir + " (unnamed file)");
}

constexpr std::string_view kPageFileName = ".dynsplit-pages-";
constexpr std::string_view kNewFileName = ".dynsplit-new-";
constexpr std::string_view kSixMore = "XXXXXX";  // what mkostemp puts others in place of

// Of processes that were killed. Who still needs such a file holds a lock of it. What cannot be
// removed stays: somebody else's, or gone already.
void RemoveLeftFiles(const std::string& dir, std::string_view name) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(dir, error), end; !error && at != end;
       at.increment(error)) {
    const std::string found = at->path().filename();
    std::error_code unknown;
    const bool left = found.starts_with(name) && found.size() == name.size() + kSixMore.size() &&
                      at->symlink_status(unknown).type() == std::filesystem::file_type::regular;
    if (!left) continue;
    const FileDescriptor file(open(at->path().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() >= 0 && flock(file.get(), LOCK_EX | LOCK_NB) == 0) unlink(at->path().c_str());
  }
}

// A file whose name begins so, in `dir`, from where the others that were left go; `path` is set to
// it. -1 and errno where it cannot be made.
int MakeFile(const std::string& dir, std::string_view name, std::string* path) {
  RemoveLeftFiles(dir, name);
  *path = dir + "/" + std::string(name) + std::string(kSixMore);
  return mkostemp(path->data(), O_CLOEXEC);
}

}  // namespace

void RandomAccessFile::ReadMany(std::span<FileRead> reads) const {
  for (FileRead& read : reads) {
    read.status = read.bytes.empty() ? Status() : ReadAt(read.offset, read.bytes);
  }
}

Result<std::unique_ptr<RandomAccessFile>> OpenFileToRead(const std::string& path) {
  Result<FileDescriptor> descriptor = FileDescriptor::OpenRegular(path);
  if (!descriptor.ok()) return descriptor.status();
  return FileOf(*std::move(descriptor), path);
}

Result<NewFile> NewFile::Create(const std::string& path) {
  if (path.find('\0') != std::string::npos) return NotFound(path + ": path has a null byte");
  struct stat status = {};
  const bool replaces = lstat(path.c_str(), &status) == 0;
  if (replaces && !S_ISREG(status.st_mode)) {
    return InvalidArgument(path + ": is there and no regular file");
  }
  const std::string dir = std::filesystem::path(path).parent_path();
  std::string temporary;
  for (;;) {
    FileDescriptor file(MakeFile(dir.empty() ? "." : dir, kNewFileName, &temporary));
    if (file.get() < 0) return ErrnoStatus(path, errno);
    // Until it was locked, another process may have taken it for one that was left.
    while (flock(file.get(), LOCK_EX) != 0 && errno == EINTR) {
    }
    struct stat made = {};
    if (fstat(file.get(), &made) == 0 && made.st_nlink == 0) continue;
    if (replaces) (void)fchmod(file.get(), status.st_mode & 0777);  // else it stays its owner's
    return NewFile(path, temporary, FileOf(std::move(file), path));
  }
}

void NewFile::RemoveLeft(const std::string& dir) { RemoveLeftFiles(dir, kNewFileName); }

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
  int descriptor = -1;
  errno = EOPNOTSUPP;
#ifdef O_TMPFILE
  descriptor = open(dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
#endif
  if (descriptor >= 0) return UnnamedFileOf(descriptor, dir);
  const bool has_none = errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL;
  return has_none ? OpenUnlinkedFile(dir) : ErrnoStatus(dir, errno);
}

Result<std::unique_ptr<RandomAccessFile>> OpenUnlinkedFile(const std::string& dir) {
  std::string path;
  const int descriptor = MakeFile(dir, kPageFileName, &path);
  if (descriptor < 0) return ErrnoStatus(dir, errno);
  unlink(path.c_str());
  return UnnamedFileOf(descriptor, dir);
}

}  // namespace dynsplit
