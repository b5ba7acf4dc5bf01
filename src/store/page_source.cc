#include "store/page_source.h"

#include <algorithm>
#include <iterator>

#include "base/archive.h"

namespace dynsplit {

void PageSource::AddRow(int32_t cold_pages, int32_t hot_pages) {
  rows.push_back({.offset = bytes, .first_page = num_pages, .cold_pages = cold_pages});
  num_pages += cold_pages + hot_pages;
  bytes +=
      static_cast<uint64_t>(cold_pages) * cold_bytes + static_cast<uint64_t>(hot_pages) * hot_bytes;
}

FileRead PageSource::ReadOf(int32_t idx, std::byte* page) const {
  // A row without pages begins where the next one does: the last that begins there holds it.
  const Row& row = *std::prev(std::upper_bound(
      rows.begin(), rows.end(), idx, [](int32_t i, const Row& r) { return i < r.first_page; }));
  const int32_t in_row = idx - row.first_page;
  const auto cold_before = static_cast<uint64_t>(std::min(in_row, row.cold_pages));
  const uint64_t hot_before = static_cast<uint64_t>(in_row) - cold_before;
  const uint64_t at = offset + row.offset + cold_before * cold_bytes + hot_before * hot_bytes;
  return {at, {page, in_row < row.cold_pages ? cold_bytes : hot_bytes}, {}};
}

Status PageSource::Check(int32_t idx, const std::byte* page) const {
  const FileRead read = ReadOf(idx, nullptr);
  if (Checksum({page, read.bytes.size()}) == checksums[static_cast<size_t>(idx)]) return {};
  return Corruption(name + ": keys or values were changed (wrong checksum of page " +
                    std::to_string(idx) + ", at byte " + std::to_string(read.offset) + ")");
}

}  // namespace dynsplit
