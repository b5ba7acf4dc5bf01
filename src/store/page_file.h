// Where pages wait that have no room in memory: slots of one size in a file.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/random_access_file.h"
#include "dynsplit/status.h"
#include "kernels/page_format.h"

namespace dynsplit {

// Thread safety: Read and Write may run at once on distinct slots, and beside Take and Give, of
// which one runs at a time.
class PageFile {
 public:
  PageFile(std::unique_ptr<RandomAccessFile> file, size_t page_bytes)
      : file_(std::move(file)), page_bytes_(page_bytes) {}

  // A slot that nobody has. Throws std::bad_alloc.
  int32_t Take();
  void Give(int32_t slot) noexcept { free_.push_back(slot); }

  // `page`: page_bytes. Read wants a slot that was written. The file's errors.
  Status Read(int32_t slot, std::byte* page) const;
  Status Write(int32_t slot, const std::byte* page);

  // The same for several: of file(), by ReadMany.
  FileRead ReadOf(int32_t slot, std::byte* page) const {
    return ReadOf(slot, page, {0, page_bytes_});
  }
  // Of some of its bytes, which go to where they are in `page`.
  FileRead ReadOf(int32_t slot, std::byte* page, PageBytesRange bytes) const {
    return {Offset(slot) + bytes.first, {page + bytes.first, bytes.count}, {}};
  }
  const RandomAccessFile& file() const { return *file_; }

  size_t used_bytes() const { return (static_cast<size_t>(end_) - free_.size()) * page_bytes_; }

 private:
  uint64_t Offset(int32_t slot) const { return static_cast<uint64_t>(slot) * page_bytes_; }

  std::unique_ptr<RandomAccessFile> file_;
  size_t page_bytes_;
  int32_t end_ = 0;            // slots [0, end_) were taken at some time
  std::vector<int32_t> free_;  // of these; has room for all, so that giving one back cannot fail
};

}  // namespace dynsplit
