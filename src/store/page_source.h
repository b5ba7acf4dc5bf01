// Pages in a file that is only read: where those of a saved session wait until they are needed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/random_access_file.h"
#include "dynsplit/status.h"

namespace dynsplit {

// Rows of pages of the same length, without gaps; in each row cold pages and then hot ones. Pages
// are numbered in that order. Thread safety: immutable.
struct PageSource {
  std::shared_ptr<const RandomAccessFile> file;
  std::string name;                 // in errors
  uint64_t offset = 0;              // of the first page
  int32_t row_pages = 0;            // of each row
  int32_t cold_pages = 0;           // of these, the first ones
  size_t cold_bytes = 0;            // of a cold page
  size_t hot_bytes = 0;             // of a hot one
  std::vector<uint64_t> checksums;  // [pages]: Checksum of each (base/archive.h)

  uint64_t RowBytes() const;
  FileRead ReadOf(int32_t idx, std::byte* page) const;
  // Corruption where these are not the bytes that were saved.
  Status Check(int32_t idx, const std::byte* page) const;
};

}  // namespace dynsplit
