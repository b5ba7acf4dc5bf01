#include "base/mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/file.h"

namespace dynsplit {

Result<MappedFile> MappedFile::Open(const std::string& path) {
  Result<FileDescriptor> file = FileDescriptor::OpenRegular(path);
  if (!file.ok()) return file.status();
  struct stat status = {};
  if (fstat(file->get(), &status) != 0) return ErrnoStatus(path, errno);
  if (status.st_size == 0) return Corruption(path + ": the file is empty");
  const size_t size = static_cast<size_t>(status.st_size);
  void* address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file->get(), 0);
  if (address == MAP_FAILED) return ErrnoStatus(path, errno);
  return MappedFile(std::span(static_cast<const std::byte*>(address), size));
}

MappedFile::MappedFile(MappedFile&& o) noexcept : bytes_(std::exchange(o.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& o) noexcept {
  std::swap(bytes_, o.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::DropPages(uint64_t offset, uint64_t size) const {
  const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t begin = std::min<uint64_t>(offset, bytes_.size());
  const uint64_t end = begin + std::min<uint64_t>(size, bytes_.size() - begin);
  const uint64_t first = (begin + page - 1) / page * page;
  const uint64_t last = end / page * page;
  if (first >= last) return;
  // A failure only costs memory.
  madvise(const_cast<std::byte*>(bytes_.data()) + first, last - first, MADV_DONTNEED);
}

}  // namespace dynsplit
