#include "kernels/causal_attention.h"

#include "base/check.h"
#include "kernels/causal_attention_simd.h"

namespace dynsplit {

size_t CausalAttentionScratch(int head_dim, int group_heads) {
  const size_t num_queries = static_cast<size_t>(kMaxQueryRows) * group_heads;
  return CausalScratch(static_cast<size_t>(head_dim), num_queries).total;
}

void CausalAttention(const CausalAttentionArgs& args, float* scratch) {
  DYNSPLIT_CHECK(args.rows > 0 && args.rows <= kMaxQueryRows && args.group_heads > 0);
  DYNSPLIT_CHECK(args.kv.head_dim > 0 && args.kv.head_dim % 16 == 0);
  DYNSPLIT_CHECK(args.scale > 0 && args.dense_start % kPageTokens == 0);
  DYNSPLIT_CHECK(args.dense_start >= 0 && args.first_position >= args.dense_start);
  DYNSPLIT_CHECK(reinterpret_cast<uintptr_t>(scratch) % 64 == 0);
  CausalAttentionSimd(args, scratch);
}

}  // namespace dynsplit
