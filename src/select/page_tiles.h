// Keys as kernels read them: ranges of tokens cut where pages end.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/kv_view.h"

namespace dynsplit {

// Appends what of `range` lies in each page. Cost: O(pages).
inline void AppendPageTiles(TokenRange range, std::vector<Tile>* tiles) {
  while (range.start < range.end) {
    const int64_t rows = std::min(kPageTokens - range.start % kPageTokens, range.end - range.start);
    tiles->push_back({static_cast<int32_t>(range.start), static_cast<int32_t>(rows)});
    range.start += rows;
  }
}

}  // namespace dynsplit
