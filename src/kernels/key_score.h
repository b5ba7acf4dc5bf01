// Scores of single keys for one query row: what a second look at chosen blocks reads.
#pragma once

#include "kernels/kv_view.h"

namespace dynsplit {

struct KeyScoreArgs {
  const float* queries = nullptr;  // [group_heads, head_dim], unscaled
  int group_heads = 1;
  float scale = 1;
  float score_cap = 0;  // soft-cap of the scaled scores (score_cap.h); 0: none
  KvView kv;
  const int32_t* tokens = nullptr;  // [num_tokens], positions in any order
  int64_t num_tokens = 0;
};

// scores[j * score_stride + i] = scale * q . key, capped, for head j and the key of tokens[i].
// Cost: one pass over these keys. Thread safety: distinct scores.
void KeyScore(const KeyScoreArgs& args, float* scores, int64_t score_stride);
void KeyScoreRef(const KeyScoreArgs& args, float* scores, int64_t score_stride);

}  // namespace dynsplit
