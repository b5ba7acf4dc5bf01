#include <algorithm>
#include <cmath>

#include "kernels/f16.h"
#include "kernels/int2.h"
#include "kernels/score_cap.h"
#include "kernels/summary_score.h"

namespace dynsplit {
namespace {

// Element j of a row; rows are numbered through all blocks.
double Element(const SummaryScoreArgs& args, int64_t row, int j) {
  const SummaryView& summaries = args.summaries;
  const int64_t at = row * SummaryRowLength(args.kind, args.head_dim) + j;
  if (summaries.int2s != nullptr) {
    const Int2Place place = PlaceOfInt2(args.head_dim, summaries.int2_first + row, j);
    const int code = Int2Code(summaries.int2s, place);
    return Int2Value(summaries.int2_scale, args.head_dim, j, code);
  }
  if (summaries.f16s != nullptr) return F32FromF16(summaries.f16s[at]);
  return double{summaries.scales[row]} * summaries.int8s[at];
}

double RowScore(const SummaryScoreArgs& args, const float* query, int64_t row) {
  double score = 0;
  for (int j = 0; j < args.head_dim; ++j) {
    double product = query[j] * Element(args, row, j);
    if (args.kind == SummaryKind::kMinMax) {
      product = std::fmax(product, query[j] * Element(args, row, args.head_dim + j));
    }
    score += product;
  }
  return CappedScore(score * args.scale, args.score_cap);
}

}  // namespace

void SummaryScoreRef(const SummaryScoreArgs& args, float* scores, int64_t score_stride) {
  if (!args.runs.empty()) {
    for (const BlockRun& run : args.runs) {
      SummaryScoreArgs alone = args;
      alone.runs = {};
      alone.num_blocks = run.count;
      alone.summaries.int2_first += run.first * args.vectors;
      SummaryScoreRef(alone, scores, score_stride);
      scores += run.count * (args.every_row ? args.vectors : 1);
    }
    return;
  }
  const int rows = SummaryRows(args.kind, args.vectors);
  for (int head = 0; head < args.group_heads; ++head) {
    const float* query = args.queries + int64_t{head} * args.head_dim;
    float* out = scores + head * score_stride;
    for (int64_t block = 0; block < args.num_blocks; ++block) {
      double best = -INFINITY;
      for (int i = 0; i < rows; ++i) {
        const double score = RowScore(args, query, block * rows + i);
        if (args.every_row) out[block * rows + i] = static_cast<float>(score);
        best = std::fmax(best, score);
      }
      if (!args.every_row) out[block] = static_cast<float>(best);
    }
  }
}

}  // namespace dynsplit
