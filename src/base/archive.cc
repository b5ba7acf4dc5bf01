#include "base/archive.h"

#include <new>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dynsplit/status.h"

namespace dynsplit {

uint64_t Checksum(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

Status ArchiveWriter::EndRecord() {
  const uint64_t ends[] = {bytes().size(), Checksum(bytes())};
  DYNSPLIT_RETURN_IF_ERROR(Write(std::as_bytes(std::span(ends))));
  return EndRaw();
}

Status ArchiveWriter::EndRaw() {
  DYNSPLIT_RETURN_IF_ERROR(Write(bytes()));
  Clear();
  return {};
}

Status ArchiveWriter::Write(std::span<const std::byte> bytes) {
  DYNSPLIT_RETURN_IF_ERROR(file_.WriteAt(offset_, bytes));
  offset_ += bytes.size();
  return {};
}

Status ArchiveReader::Skip(uint64_t bytes) {
  if (file_bytes_ - offset_ < bytes) return Wrong("cut short");
  offset_ += bytes;
  return {};
}

Status ArchiveReader::NextRecord() {
  uint64_t ends[2];
  const auto end_bytes = std::as_writable_bytes(std::span(ends));
  if (file_bytes_ - offset_ < end_bytes.size()) return Wrong("cut short");
  DYNSPLIT_RETURN_IF_ERROR(file_.ReadAt(offset_, end_bytes));
  offset_ += end_bytes.size();
  if (file_bytes_ - offset_ < ends[0] || ends[0] > kMostRecordBytes) {
    return Wrong("cut short, or changed");
  }
  try {
    record_.resize(static_cast<size_t>(ends[0]));
  } catch (const std::bad_alloc&) {
    return ResourceExhausted(name_ + ": no memory for " + std::to_string(ends[0]) + " bytes");
  }
  DYNSPLIT_RETURN_IF_ERROR(file_.ReadAt(offset_, record_));
  offset_ += ends[0];
  at_ = 0;
  short_ = false;
  if (Checksum(record_) != ends[1]) return Wrong("its content was changed (wrong checksum)");
  return {};
}

Status ArchiveReader::EndRecord() {
  if (short_) return Wrong("a record is too short");
  if (left() > 0) return Wrong("a record is too long");
  return {};
}

Status ArchiveReader::Wrong(const std::string& what) const {
  return Corruption(name_ + ": " + what);
}

}  // namespace dynsplit
