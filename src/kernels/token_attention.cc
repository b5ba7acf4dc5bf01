#include "kernels/token_attention.h"

#include "base/check.h"
#include "kernels/token_attention_simd.h"

namespace dynsplit {

void TokenAttention(const TokenAttentionArgs& args, SoftmaxState* states, float* outputs) {
  DYNSPLIT_CHECK(args.group_heads > 0 && args.num_tokens >= 0);
  DYNSPLIT_CHECK(args.score_stride >= args.num_tokens || args.group_heads == 1);
  DYNSPLIT_CHECK(args.kv.value_dim > 0 && args.kv.value_dim % 16 == 0);
  TokenAttentionSimd(args, states, outputs);
}

}  // namespace dynsplit
