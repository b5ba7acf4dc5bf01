#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/f16.h"
#include "kernels/summary_score.h"

namespace dynsplit {
namespace {

// summary [vectors, head_dim]
double Score(const SummaryScoreArgs& args, const float* query, const f16* summary) {
  double best = -INFINITY;
  for (int v = 0; v < args.vectors; ++v) {
    double dot = 0;
    for (int j = 0; j < args.head_dim; ++j) {
      dot += double{query[j]} * F32FromF16(summary[v * args.head_dim + j]);
    }
    best = std::fmax(best, dot);
  }
  return best * args.scale;
}

double Bound(const SummaryScoreArgs& args, const float* query, const f16* summary) {
  double bound = 0;
  for (int j = 0; j < args.head_dim; ++j) {
    bound += std::fmax(double{query[j]} * F32FromF16(summary[j]),
                       double{query[j]} * F32FromF16(summary[args.head_dim + j]));
  }
  return bound * args.scale;
}

}  // namespace

void SummaryScoreRef(const SummaryScoreArgs& args, float* scores, int64_t score_stride) {
  const auto score = args.kind == SummaryKind::kMinMax ? Bound : Score;
  for (int head = 0; head < args.group_heads; ++head) {
    const float* query = args.queries + int64_t{head} * args.head_dim;
    for (int64_t block = 0; block < args.num_blocks; ++block) {
      const f16* summary = args.summaries + block * args.vectors * args.head_dim;
      scores[head * score_stride + block] = static_cast<float>(score(args, query, summary));
    }
  }
}

void PoolScoresRef(float* scores, int64_t score_stride, int group_heads, int64_t num_blocks,
                   float* pooled) {
  std::vector<double> mean(num_blocks, 0.0);
  for (int head = 0; head < group_heads; ++head) {
    float* row = scores + head * score_stride;
    const float max = *std::max_element(row, row + num_blocks);
    double sum = 0;
    for (int64_t b = 0; b < num_blocks; ++b) sum += row[b] = std::exp(row[b] - max);
    for (int64_t b = 0; b < num_blocks; ++b) mean[b] += row[b] / sum / group_heads;
  }
  std::copy(mean.begin(), mean.end(), pooled);
}

}  // namespace dynsplit
