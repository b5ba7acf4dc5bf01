// Scores of single keys for one query row: what a second look at chosen blocks reads.
#pragma once

#include "kernels/kv_view.h"

namespace dynsplit {

struct KeyScoreArgs {
  const float* queries = nullptr;  // [group_heads, head_dim], unscaled
  int group_heads = 1;
  float scale = 1;
  KvView kv;
  const Tile* tiles = nullptr;  // [num_tiles], none with more than kPageTokens rows
  int num_tiles = 0;
};

// scores[j * score_stride + i] = scale * q . key for head j and key i, the keys of the tiles
// counted through. Cost: one pass over these keys. Thread safety: distinct scores.
void KeyScore(const KeyScoreArgs& args, float* scores, int64_t score_stride);
void KeyScoreRef(const KeyScoreArgs& args, float* scores, int64_t score_stride);

}  // namespace dynsplit
