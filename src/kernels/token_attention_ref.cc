#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/f16.h"
#include "kernels/page_codec.h"
#include "kernels/token_attention.h"

namespace dynsplit {

void TokenAttentionRef(const TokenAttentionArgs& args, SoftmaxState* states, float* outputs) {
  const int value_dim = args.kv.value_dim;
  for (int head = 0; head < args.group_heads; ++head) {
    const float* scores = args.scores + head * args.score_stride;
    SoftmaxState state;
    for (int64_t i = 0; i < args.num_tokens; ++i) state.max = std::max(state.max, scores[i]);
    double sum = 0;
    std::vector<double> output(static_cast<size_t>(value_dim), 0.0);
    for (int64_t i = 0; i < args.num_tokens; ++i) {
      const double weight = std::exp(double{scores[i]} - state.max);
      const std::vector<f16> value = DecodedRow(args.kv.Part(KvPart::kValues), args.tokens[i]);
      sum += weight;
      for (int j = 0; j < value_dim; ++j) output[j] += weight * F32FromF16(value[j]);
    }
    state.sum = static_cast<float>(sum);
    states[head] = state;
    std::copy(output.begin(), output.end(), outputs + int64_t{head} * value_dim);
  }
}

}  // namespace dynsplit
