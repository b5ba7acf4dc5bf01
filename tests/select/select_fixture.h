// Blocks of given lengths, one after the other, as candidates of a selection.
#pragma once

#include <numeric>
#include <vector>

#include "select/selector.h"

namespace dynsplit {

inline std::vector<Block> BlocksOf(const std::vector<int>& lengths, int32_t first_token = 0) {
  std::vector<Block> blocks;
  int32_t start = first_token;
  for (const int length : lengths) {
    blocks.push_back({start, length});
    start += length;
  }
  return blocks;
}

// All of `blocks` as candidates; no index.
inline SelectInput InputOf(const std::vector<Block>& blocks, int64_t budget) {
  SelectInput input;
  input.blocks = blocks;
  input.end_block = static_cast<int64_t>(blocks.size());
  input.budget_tokens = budget;
  return input;
}

inline int64_t TokensOf(const std::vector<Block>& blocks, const std::vector<int32_t>& chosen) {
  return std::accumulate(chosen.begin(), chosen.end(), int64_t{0},
                         [&](int64_t sum, int32_t b) { return sum + blocks[b].length; });
}

}  // namespace dynsplit
