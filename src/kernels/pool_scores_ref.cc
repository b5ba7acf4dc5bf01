#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/pool_scores.h"

namespace dynsplit {
namespace {

// scores [num_blocks, rows] of one head.
std::vector<double> Shares(const PoolScoresArgs& args, const std::vector<double>& scores) {
  const double max = *std::max_element(scores.begin(), scores.end());
  std::vector<double> shares(static_cast<size_t>(args.num_blocks), 0.0);
  double sum = 0;
  for (size_t b = 0; b < shares.size(); ++b) {
    for (int i = 0; i < args.rows; ++i) shares[b] += std::exp(scores[b * args.rows + i] - max);
    const double weight = args.blocks != nullptr ? args.blocks[b].length : 1;
    shares[b] *= weight / args.rows;
    sum += shares[b];
  }
  for (double& share : shares) share /= sum;
  return shares;
}

}  // namespace

void PoolScoresRef(const PoolScoresArgs& args, float* pooled) {
  if (args.num_blocks == 0) return;
  std::vector<double> mean_score(static_cast<size_t>(args.num_blocks * args.rows), 0.0);
  std::fill_n(pooled, args.num_blocks, 0.0f);
  for (int head = 0; head < args.group_heads; ++head) {
    const float* row = args.scores + head * args.score_stride;
    const std::vector<double> scores(row, row + args.num_blocks * args.rows);
    for (size_t i = 0; i < scores.size(); ++i) mean_score[i] += scores[i] / args.group_heads;
    const std::vector<double> shares = Shares(args, scores);
    for (size_t b = 0; b < shares.size(); ++b) {
      const float share = static_cast<float>(shares[b]);
      if (args.pooling == Pooling::kMaxSoftmax) {
        pooled[b] = std::max(pooled[b], share);
      } else {
        pooled[b] += share / static_cast<float>(args.group_heads);
      }
    }
  }
  if (args.pooling == Pooling::kMeanScore) {
    const std::vector<double> shares = Shares(args, mean_score);
    std::copy(shares.begin(), shares.end(), pooled);
  }
}

}  // namespace dynsplit
