// Scores of block summaries for one query row: what the index is read with. method.md section 5;
// the min/max bound is Quest's (arXiv 2406.10774).
#pragma once

#include <span>

#include "kernels/summary_view.h"

namespace dynsplit {

// Consecutive blocks, counted from the first of the summaries.
struct BlockRun {
  int64_t first = 0;
  int64_t count = 0;
};

struct SummaryScoreArgs {
  SummaryKind kind = SummaryKind::kMean;
  const float* queries = nullptr;  // [group_heads, head_dim], unscaled
  int group_heads = 1;
  int head_dim = 0;  // a multiple of 16, at most kMaxHeadDim
  float scale = 1;
  float score_cap = 0;    // soft-cap of the scaled scores (score_cap.h); 0: none
  SummaryView summaries;  // of num_blocks blocks
  SummaryView next = {};  // what is scored next, fetched meanwhile (int2); or nothing
  int vectors = 1;        // per block; 2 for kMinMax
  int64_t num_blocks = 0;
  // Where there are any (int2 alone): the blocks are those of these runs, num_blocks in all, and
  // what is fetched those of the next ones.
  std::span<const BlockRun> runs = {};
  std::span<const BlockRun> next_runs = {};
  bool every_row = false;  // a score for each row of a block, not for its best one
};

// scores[j * score_stride + b] for head j and block b; with every_row [.. + b * rows + i] for its
// row i. The score of a mean is q . mean, scaled and capped, that of bounds the sum over d of
// max(q*min, q*max). For int8 summaries the query is rounded to 16 bits of its largest element:
// less than 2e-5 of sum |q * summary| is lost. For int2 what a step of each channel adds is rounded
// to 127 parts of the greatest one: a few hundredths of what the codes themselves lose, where
// channels are alike. Cost: one pass over the summaries. Thread safety: calls may run at once on
// distinct scores.
void SummaryScore(const SummaryScoreArgs& args, float* scores, int64_t score_stride);
void SummaryScoreRef(const SummaryScoreArgs& args, float* scores, int64_t score_stride);

}  // namespace dynsplit
