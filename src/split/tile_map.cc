#include "split/tile_map.h"

#include <algorithm>

#include "base/check.h"

namespace dynsplit {

void AppendRange(TokenRange range, std::vector<TokenRange>* ranges) {
  if (range.start >= range.end) return;
  if (!ranges->empty() && ranges->back().end == range.start) {
    ranges->back().end = range.end;
  } else {
    DYNSPLIT_DCHECK(ranges->empty() || ranges->back().end < range.start);
    ranges->push_back(range);
  }
}

void AppendTiles(std::span<const TokenRange> ranges, int max_rows, std::vector<Tile>* tiles) {
  DYNSPLIT_CHECK(max_rows >= 1);
  for (size_t i = 0; i < ranges.size();) {
    int64_t token = ranges[i].start;
    int64_t end = ranges[i].end;
    while (++i < ranges.size() && ranges[i].start <= end) {
      DYNSPLIT_DCHECK(ranges[i].start == end);
      end = ranges[i].end;
    }
    while (token < end) {
      const int64_t page_end = (token / kPageTokens + 1) * kPageTokens;
      const int64_t tile_end = std::min({token + max_rows, page_end, end});
      tiles->push_back({static_cast<int32_t>(token), static_cast<int32_t>(tile_end - token)});
      token = tile_end;
    }
  }
}

void PadTiles(size_t num_tiles, std::vector<Tile>* tiles) {
  DYNSPLIT_CHECK(tiles->size() <= num_tiles);
  tiles->resize(num_tiles);
}

}  // namespace dynsplit
