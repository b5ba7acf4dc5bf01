#include "store/page_source.h"

#include "base/archive.h"

namespace dynsplit {

Status PageSource::Check(int32_t idx, const std::byte* page) const {
  if (Checksum({page, page_bytes}) == checksums[static_cast<size_t>(idx)]) return {};
  return Corruption(name + ": keys or values were changed (wrong checksum of page " +
                    std::to_string(idx) + ", at byte " +
                    std::to_string(offset + static_cast<uint64_t>(idx) * page_bytes) + ")");
}

}  // namespace dynsplit
