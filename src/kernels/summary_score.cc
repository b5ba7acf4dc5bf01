#include "kernels/summary_score.h"

#include "base/check.h"
#include "kernels/summary_score_simd.h"

namespace dynsplit {

void SummaryScore(const SummaryScoreArgs& args, float* scores, int64_t score_stride) {
  DYNSPLIT_CHECK(args.group_heads > 0 && args.vectors > 0 && args.num_blocks >= 0);
  DYNSPLIT_CHECK(args.head_dim > 0 && args.head_dim <= kMaxHeadDim && args.head_dim % 16 == 0);
  DYNSPLIT_CHECK(args.kind != SummaryKind::kMinMax || args.vectors == 2);
  DYNSPLIT_CHECK(args.group_heads == 1 || score_stride >= args.num_blocks);
  SummaryScoreSimd(args, scores, score_stride);
}

void PoolScores(float* scores, int64_t score_stride, int group_heads, int64_t num_blocks,
                float* pooled) {
  DYNSPLIT_CHECK(group_heads > 0 && num_blocks >= 0);
  DYNSPLIT_CHECK(group_heads == 1 || score_stride >= num_blocks);
  if (num_blocks == 0) return;
  PoolScoresSimd(scores, score_stride, group_heads, num_blocks, pooled);
}

}  // namespace dynsplit
