// Pools the scores of the heads of a group into one share per block (method.md section 5).
#pragma once

#include "dynsplit/method.h"

namespace dynsplit {

inline constexpr int kMaxScoreRows = 8;  // the most summary vectors of a block

struct PoolScoresArgs {
  Pooling pooling = Pooling::kMeanSoftmax;
  const float* scores = nullptr;  // [group_heads, score_stride], of them [num_blocks, rows]
  int64_t score_stride = 0;
  int group_heads = 1;
  int64_t num_blocks = 0;
  int rows = 1;                   // scores of a block, at most kMaxScoreRows
  const Block* blocks = nullptr;  // [num_blocks]: their lengths are weights; null: all weigh alike
};

// A block's mass under one head is its weight times the mean of exp(score) over its rows; its share
// is its mass over that of all blocks. pooled [num_blocks] is, by args.pooling, the mean of the
// heads' shares, the largest of them, or the share under the mean of the heads' scores.
// With one row and no weights that is the softmax over the blocks. `room` is [num_blocks], with
// Pooling::kMeanScore [num_blocks * rows].
// Cost: two passes over the scores. Thread safety: distinct room and pooled.
void PoolScores(const PoolScoresArgs& args, float* room, float* pooled);
void PoolScoresRef(const PoolScoresArgs& args, float* pooled);

}  // namespace dynsplit
