#include <algorithm>
#include <vector>

#include "kernels/f16.h"
#include "kernels/page_codec.h"
#include "kernels/score_cap.h"
#include "kernels/tile_attention.h"

namespace dynsplit {
namespace {

// The tokens of all tiles, in order.
std::vector<int64_t> Tokens(const TileAttentionArgs& args) {
  std::vector<int64_t> tokens;
  for (int i = 0; i < args.num_tiles; ++i) {
    for (int k = 0; k < args.tiles[i].rows; ++k) tokens.push_back(args.tiles[i].start + k);
  }
  return tokens;
}

double Score(const TileAttentionArgs& args, int head, int64_t token) {
  const std::vector<f16> key = DecodedRow(args.kv.Part(KvPart::kKeys), token);
  const float* query = args.queries + int64_t{head} * args.kv.head_dim;
  double dot = 0;
  for (int j = 0; j < args.kv.head_dim; ++j) dot += double{query[j]} * F32FromF16(key[j]);
  return CappedScore(dot * args.scale, args.score_cap);
}

}  // namespace

void TileAttentionRef(const TileAttentionArgs& args, SoftmaxState* states, float* outputs) {
  const int value_dim = args.kv.value_dim;
  const std::vector<int64_t> tokens = Tokens(args);
  for (int head = 0; head < args.group_heads; ++head) {
    std::vector<double> scores;
    for (int64_t token : tokens) scores.push_back(Score(args, head, token));
    SoftmaxState& state = states[head];
    state = SoftmaxState();
    for (double score : scores) state.max = std::max(state.max, static_cast<float>(score));

    double sum = 0;
    std::vector<double> output(value_dim, 0.0);
    for (size_t i = 0; i < tokens.size(); ++i) {
      const double weight = std::exp(scores[i] - state.max);
      const std::vector<f16> value = DecodedRow(args.kv.Part(KvPart::kValues), tokens[i]);
      sum += weight;
      for (int j = 0; j < value_dim; ++j) output[j] += weight * F32FromF16(value[j]);
    }
    state.sum = static_cast<float>(sum);
    std::copy(output.begin(), output.end(), outputs + int64_t{head} * value_dim);
  }
}

}  // namespace dynsplit
