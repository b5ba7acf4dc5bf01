// Scores of block summaries for one query row: what the index is read with. method.md section 5;
// the min/max bound is Quest's (arXiv 2406.10774).
#pragma once

#include "dynsplit/method.h"
#include "kernels/kv_view.h"

namespace dynsplit {

// kMean: r vectors, means of the block's runs of keys; score = max over them of q . mean.
// kMinMax: two vectors, elementwise min then max; score = sum over d of max(q*min, q*max).
using SummaryKind = Summary;

struct SummaryScoreArgs {
  SummaryKind kind = SummaryKind::kMean;
  const float* queries = nullptr;  // [group_heads, head_dim], unscaled
  int group_heads = 1;
  int head_dim = 0;  // a multiple of 16, at most kMaxHeadDim
  float scale = 1;
  const f16* summaries = nullptr;  // [num_blocks, vectors, head_dim]
  int vectors = 1;                 // per block; 2 for kMinMax
  int64_t num_blocks = 0;
};

// scores[j * score_stride + b] for head j and block b. Cost: one pass over the summaries.
// Thread safety: calls may run at once on distinct scores.
void SummaryScore(const SummaryScoreArgs& args, float* scores, int64_t score_stride);
void SummaryScoreRef(const SummaryScoreArgs& args, float* scores, int64_t score_stride);

// Pools the heads of a group: softmax over the blocks for each head, then the mean over heads.
// scores [group_heads, score_stride] in (overwritten by exponentials), pooled [num_blocks] out.
void PoolScores(float* scores, int64_t score_stride, int group_heads, int64_t num_blocks,
                float* pooled);
void PoolScoresRef(float* scores, int64_t score_stride, int group_heads, int64_t num_blocks,
                   float* pooled);

}  // namespace dynsplit
