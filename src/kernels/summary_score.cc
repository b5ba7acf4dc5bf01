#include "kernels/summary_score.h"

#include "base/check.h"
#include "kernels/summary_score_simd.h"

namespace dynsplit {

void SummaryScore(const SummaryScoreArgs& args, float* scores, int64_t score_stride) {
  DYNSPLIT_CHECK(args.group_heads > 0 && args.vectors > 0 && args.num_blocks >= 0);
  DYNSPLIT_CHECK(args.head_dim > 0 && args.head_dim <= kMaxHeadDim && args.head_dim % 16 == 0);
  DYNSPLIT_CHECK(args.kind != SummaryKind::kMinMax || args.vectors == 2);
  DYNSPLIT_CHECK(args.num_blocks == 0 || args.summaries.f16s != nullptr ||
                 args.summaries.int8s != nullptr);
  DYNSPLIT_CHECK((args.summaries.int8s == nullptr) == (args.summaries.scales == nullptr));
  const int64_t per_block = args.every_row ? SummaryRows(args.kind, args.vectors) : 1;
  DYNSPLIT_CHECK(args.group_heads == 1 || score_stride >= args.num_blocks * per_block);
  SummaryScoreSimd(args, scores, score_stride);
}

}  // namespace dynsplit
