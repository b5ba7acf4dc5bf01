#include "cache/block_counter.h"

#include <algorithm>

namespace dynsplit {

void BlockCounter::Add(TokenRange range) {
  const int64_t counted_from = first_block_ < blocks_.size() ? blocks_[first_block_].start : 0;
  range.start = std::max(range.start, counted_from);
  while (range.start < range.end) {
    while (block_ < blocks_.size() && blocks_[block_].end() <= range.start) ++block_;
    if (block_ >= blocks_.size()) return;  // there may be fewer than first_block
    const int64_t end = std::min<int64_t>(range.end, blocks_[block_].end());
    const auto block = static_cast<int32_t>(block_);
    if (counts_.empty() || counts_.back().block != block) counts_.push_back({block, 0});
    counts_.back().tokens += static_cast<int32_t>(end - range.start);
    range.start = end;
  }
}

}  // namespace dynsplit
