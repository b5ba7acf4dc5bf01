#include "kernels/summary_score.h"

#include "base/check.h"
#include "kernels/summary_score_simd.h"

namespace dynsplit {

void SummaryScore(const SummaryScoreArgs& args, float* scores, int64_t score_stride) {
  DYNSPLIT_CHECK(args.group_heads > 0 && args.vectors > 0 && args.num_blocks >= 0);
  DYNSPLIT_CHECK(args.head_dim > 0 && args.head_dim <= kMaxHeadDim && args.head_dim % 16 == 0);
  DYNSPLIT_CHECK(args.kind != SummaryKind::kMinMax || args.vectors == 2);
  const SummaryView& summaries = args.summaries;
  DYNSPLIT_CHECK(args.num_blocks == 0 || summaries.f16s != nullptr || summaries.int8s != nullptr ||
                 summaries.int2s != nullptr);
  DYNSPLIT_CHECK((summaries.int8s == nullptr) == (summaries.scales == nullptr));
  DYNSPLIT_CHECK((summaries.int2s == nullptr) == (summaries.int2_scale == nullptr));
  DYNSPLIT_CHECK(summaries.int2s == nullptr || args.kind == SummaryKind::kMean);
  int64_t in_runs = 0;
  for (const BlockRun& run : args.runs) in_runs += run.count;
  DYNSPLIT_CHECK(args.runs.empty() || (summaries.int2s != nullptr && in_runs == args.num_blocks));
  const int64_t per_block = args.every_row ? SummaryRows(args.kind, args.vectors) : 1;
  DYNSPLIT_CHECK(args.group_heads == 1 || score_stride >= args.num_blocks * per_block);
  if (args.num_blocks > 0) SummaryScoreSimd(args, scores, score_stride);
}

}  // namespace dynsplit
