#include "store/page_source.h"

#include <algorithm>

#include "base/archive.h"

namespace dynsplit {

uint64_t PageSource::RowBytes() const {
  return static_cast<uint64_t>(cold_pages) * cold_bytes +
         static_cast<uint64_t>(row_pages - cold_pages) * hot_bytes;
}

FileRead PageSource::ReadOf(int32_t idx, std::byte* page) const {
  const int32_t row = idx / row_pages, in_row = idx % row_pages;
  const auto cold_before = static_cast<uint64_t>(std::min(in_row, cold_pages));
  const uint64_t hot_before = static_cast<uint64_t>(in_row) - cold_before;
  const uint64_t at = offset + static_cast<uint64_t>(row) * RowBytes() + cold_before * cold_bytes +
                      hot_before * hot_bytes;
  return {at, {page, in_row < cold_pages ? cold_bytes : hot_bytes}, {}};
}

Status PageSource::Check(int32_t idx, const std::byte* page) const {
  const FileRead read = ReadOf(idx, nullptr);
  if (Checksum({page, read.bytes.size()}) == checksums[static_cast<size_t>(idx)]) return {};
  return Corruption(name + ": keys or values were changed (wrong checksum of page " +
                    std::to_string(idx) + ", at byte " + std::to_string(read.offset) + ")");
}

}  // namespace dynsplit
