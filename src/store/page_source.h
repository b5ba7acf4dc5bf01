// Pages in a file that is only read: where those of a saved session wait until they are needed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/random_access_file.h"
#include "dynsplit/status.h"

namespace dynsplit {

// Thread safety: immutable.
struct PageSource {
  std::shared_ptr<const RandomAccessFile> file;
  std::string name;                 // in errors
  uint64_t offset = 0;              // of the first page; the others follow without gaps
  size_t page_bytes = 0;            // of each
  std::vector<uint64_t> checksums;  // [pages]: Checksum of each (base/archive.h)

  FileRead ReadOf(int32_t idx, std::byte* page) const {
    return {offset + static_cast<uint64_t>(idx) * page_bytes, {page, page_bytes}, {}};
  }
  // Corruption where these are not the bytes that were saved.
  Status Check(int32_t idx, const std::byte* page) const;
};

}  // namespace dynsplit
