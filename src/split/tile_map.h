// V2F, work half (method.md section 4): token ranges of any length become tiles, the fixed-size
// units that attention works on.
#pragma once

#include <span>
#include <vector>

#include "kernels/kv_view.h"

namespace dynsplit {

// Appends the tokens of `range`, which lies behind all of `ranges`: joined to the last one where it
// goes on there; nothing where it is empty.
void AppendRange(TokenRange range, std::vector<TokenRange>* ranges);

// Appends tiles that cover each token of `ranges` once, in order. Ranges are sorted and disjoint;
// adjacent ones are merged first, so that no tile is cut short where two chosen blocks meet. A tile
// has at most max_rows rows (kTileTokens for chosen blocks, kPageTokens for dense ranges) and never
// crosses a page. Cost: O(ranges + tiles).
void AppendTiles(std::span<const TokenRange> ranges, int max_rows, std::vector<Tile>* tiles);

// Appends padding tiles (rows = 0) up to num_tiles, so that all KV heads have the same number.
// tiles->size() <= num_tiles.
void PadTiles(size_t num_tiles, std::vector<Tile>* tiles);

}  // namespace dynsplit
