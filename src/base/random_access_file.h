// A file that is read and written at offsets. An interface, so that tests can make it fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "dynsplit/status.h"

namespace dynsplit {

// One of several reads that are asked for together.
struct FileRead {
  uint64_t offset = 0;
  std::span<std::byte> bytes;
  Status status;  // set by ReadMany
};

// Thread safety: calls may run at once on distinct bytes.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;

  // Exactly bytes.size() bytes from `offset` on: what lies behind the end is an IoError.
  virtual Status ReadAt(uint64_t offset, std::span<std::byte> bytes) const = 0;
  // Each as ReadAt would; one that fails keeps no other from being read. Offsets and bytes are used
  // up. A disk is asked for all of them at once, by the kernel where it lets us (IoRing), else by
  // threads (ReadThreads): where it has to be waited for, 32 pages of 8 KiB take a quarter of
  // the time of 32 reads; in the system's page cache, the same.
  virtual void ReadMany(std::span<FileRead> reads) const;
  virtual Result<uint64_t> Size() const = 0;
  // All of `bytes`; grows the file where needed. ResourceExhausted where the disk is full.
  virtual Status WriteAt(uint64_t offset, std::span<const std::byte> bytes) = 0;
  // Waits until what was written is on the disk.
  virtual Status Sync() = 0;
};

// A file that is there, for reading. Errors as FileDescriptor::OpenRegular.
Result<std::unique_ptr<RandomAccessFile>> OpenFileToRead(const std::string& path);

// A file that is there whole or not at all: written under a name of its own beside it
// (".dynsplit-new-XXXXXX"), and renamed over what was there by Finish, when it is on the disk.
// Without that the temporary file goes; one that a killed process left goes with the next Create in
// that folder (locks tell it from one in use, so where hosts share a folder they must share flock
// too). Who may read and write it is as it was of the file it replaces, else its owner.
class NewFile {
 public:
  // InvalidArgument where something is there that is no regular file; else errors as ErrnoStatus,
  // and NotFound for a path with a null byte.
  static Result<NewFile> Create(const std::string& path);
  NewFile(NewFile&& o) noexcept = default;
  ~NewFile();

  // Removes what killed processes left in `dir`.
  static void RemoveLeft(const std::string& dir);

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
// processes never meet. For what is written from the first byte on: behind that it may hold up to a
// mebibyte of zeros. NotFound where there is no such directory, else as ErrnoStatus.
Result<std::unique_ptr<RandomAccessFile>> OpenUnnamedFile(const std::string& dir);

// What that does where the file system has no files without names: the file has one,
// ".dynsplit-pages-XXXXXX", for a moment. A process that was killed in this moment left it: such
// files are removed first, which does not harm one who has it open.
Result<std::unique_ptr<RandomAccessFile>> OpenUnlinkedFile(const std::string& dir);

}  // namespace dynsplit
