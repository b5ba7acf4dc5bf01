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
  virtual Result<uint64_t> Size() const = 0;
  // All of `bytes`; grows the file where needed. ResourceExhausted where the disk is full.
  virtual Status WriteAt(uint64_t offset, std::span<const std::byte> bytes) = 0;
  // Waits until what was written is on the disk.
  virtual Status Sync() = 0;
};

// A file that is there, for reading. Errors as FileDescriptor::Open.
Result<std::unique_ptr<RandomAccessFile>> OpenFileToRead(const std::string& path);

// A file that is there whole or not at all: written under a name of its own beside it
// ("<path>.XXXXXX"), and renamed over what was there by Finish, when it is on the disk. Without
// that the temporary file goes.
class NewFile {
 public:
  // InvalidArgument where something is there that is no regular file; else errors as ErrnoStatus.
  static Result<NewFile> Create(const std::string& path);
  NewFile(NewFile&& o) noexcept = default;
  ~NewFile();

  RandomAccessFile* get() { return file_.get(); }
  Status Finish();

 private:
  NewFile(std::string path, std::string temporary, std::unique_ptr<RandomAccessFile> file)
      : path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)) {}

  std::string path_;
  std::string temporary_;
  std::unique_ptr<RandomAccessFile> file_;  // null once it is finished
};

// A file in `dir` that no name leads to: however the process ends, the system removes it, and two
// processes never meet. NotFound where there is no such directory, else as ErrnoStatus.
Result<std::unique_ptr<RandomAccessFile>> OpenUnnamedFile(const std::string& dir);

}  // namespace dynsplit
