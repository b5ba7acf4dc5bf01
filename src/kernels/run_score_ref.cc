#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/f16.h"
#include "kernels/run_score.h"
#include "kernels/score_cap.h"

namespace dynsplit {
namespace {

double Score(const RunScoreArgs& args, const float* query, int64_t run) {
  const f16* mean = args.chunks[run / kMeanChunk] + run % kMeanChunk * args.head_dim;
  double dot = 0;
  for (int j = 0; j < args.head_dim; ++j) dot += double{query[j]} * F32FromF16(mean[j]);
  return CappedScore(dot * args.scale, args.score_cap);
}

}  // namespace

void RunScoreRef(const RunScoreArgs& args, float* worth) {
  const size_t num_runs = static_cast<size_t>(args.num_runs);
  std::fill_n(worth, num_runs, 0.0f);
  std::vector<double> weights(num_runs);
  for (int row = 0; row < args.rows; ++row) {
    for (int head = 0; head < args.group_heads; ++head) {
      const float* query =
          args.queries + row * args.query_row_stride + int64_t{head} * args.head_dim;
      double max = -INFINITY, sum = 0;
      for (size_t run = 0; run < num_runs; ++run) {
        weights[run] = Score(args, query, static_cast<int64_t>(run));
        max = std::fmax(max, weights[run]);
      }
      for (double& weight : weights) sum += weight = std::exp(weight - max);
      for (size_t run = 0; run < num_runs; ++run) {
        worth[run] = std::max(worth[run], static_cast<float>(weights[run] / sum));
      }
    }
  }
}

}  // namespace dynsplit
