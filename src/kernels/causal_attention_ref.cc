#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/causal_attention.h"
#include "kernels/f16.h"
#include "kernels/page_codec.h"
#include "kernels/score_cap.h"

namespace dynsplit {
namespace {

double Score(const CausalAttentionArgs& args, const float* query, int64_t token) {
  const std::vector<f16> key = DecodedRow(args.kv.Part(KvPart::kKeys), token);
  double dot = 0;
  for (int j = 0; j < args.kv.head_dim; ++j) dot += double{query[j]} * F32FromF16(key[j]);
  return CappedScore(dot * args.scale, args.score_cap);
}

// The keys that the row at `position` sees.
std::vector<int64_t> SeenBy(const CausalAttentionArgs& args, int64_t position) {
  std::vector<int64_t> tokens;
  for (int i = 0; i < args.num_earlier; ++i) {
    for (int64_t t = args.earlier[i].start; t < args.earlier[i].end; ++t) tokens.push_back(t);
  }
  const int64_t first = args.window == 0 ? 0 : position + 1 - args.window;
  for (int64_t t = std::max(args.dense_start, first); t <= position; ++t) tokens.push_back(t);
  return tokens;
}

// Writes the output of one query over `tokens`; returns the log-sum-exp.
double Attend(const CausalAttentionArgs& args, const float* query,
              const std::vector<int64_t>& tokens, float* output) {
  std::vector<double> weights;
  double max = -INFINITY;
  for (const int64_t token : tokens) {
    weights.push_back(Score(args, query, token));
    max = std::fmax(max, weights.back());
  }
  double sum = 0;
  for (double& weight : weights) sum += weight = std::exp(weight - max);
  std::vector<double> mean(args.kv.value_dim, 0.0);
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::vector<f16> value = DecodedRow(args.kv.Part(KvPart::kValues), tokens[i]);
    for (size_t j = 0; j < mean.size(); ++j) mean[j] += weights[i] * F32FromF16(value[j]);
  }
  for (size_t j = 0; j < mean.size(); ++j) output[j] = static_cast<float>(mean[j] / sum);
  return max + std::log(sum);
}

}  // namespace

void CausalAttentionRef(const CausalAttentionArgs& args) {
  for (int row = 0; row < args.rows; ++row) {
    const std::vector<int64_t> tokens = SeenBy(args, args.first_position + row);
    for (int head = 0; head < args.group_heads; ++head) {
      const float* query =
          args.queries + row * args.query_row_stride + int64_t{head} * args.kv.head_dim;
      float* output =
          args.outputs + row * args.output_row_stride + int64_t{head} * args.kv.value_dim;
      const double lse = Attend(args, query, tokens, output);
      if (args.lse != nullptr) args.lse[row * args.lse_row_stride + head] = static_cast<float>(lse);
    }
  }
}

}  // namespace dynsplit
