#include "kernels/causal_attention.h"

#include "base/check.h"
#include "kernels/causal_attention_simd.h"

namespace dynsplit {

size_t CausalAttentionScratch(int head_dim, int value_dim, int group_heads) {
  const size_t num_queries = static_cast<size_t>(kMaxQueryRows) * group_heads;
  return CausalScratch(static_cast<size_t>(head_dim), static_cast<size_t>(value_dim), num_queries)
      .total;
}

void CausalAttention(const CausalAttentionArgs& args, float* scratch) {
  CausalAttentionStart(args, scratch);
  CausalAttentionAddEarlier(args, scratch);
  CausalAttentionAdd(args, DenseKeys(args), scratch);
  CausalAttentionFinish(args, scratch);
}

void CausalAttentionStart(const CausalAttentionArgs& args, float* scratch) {
  DYNSPLIT_CHECK(args.rows > 0 && args.rows <= kMaxQueryRows && args.group_heads > 0);
  DYNSPLIT_CHECK(args.kv.head_dim > 0 && args.kv.head_dim % 16 == 0);
  DYNSPLIT_CHECK(args.kv.value_dim > 0 && args.kv.value_dim % 16 == 0 && args.score_cap >= 0);
  DYNSPLIT_CHECK(args.window >= 0 && (args.window == 0 || args.num_earlier == 0));
  DYNSPLIT_CHECK(args.scale > 0 && args.dense_start % kPageTokens == 0);
  DYNSPLIT_CHECK(args.dense_start >= 0 && args.first_position >= args.dense_start);
  DYNSPLIT_CHECK(reinterpret_cast<uintptr_t>(scratch) % 64 == 0);
  CausalAttentionStartSimd(args, scratch);
}

void CausalAttentionAddEarlier(const CausalAttentionArgs& args, float* scratch) {
  CausalAttentionAddEarlierSimd(args, scratch);
}

void CausalAttentionAdd(const CausalAttentionArgs& args, TokenRange tokens, float* scratch) {
  const TokenRange dense = DenseKeys(args);
  DYNSPLIT_CHECK(tokens.start % kPageTokens == 0 && tokens.start >= dense.start);
  DYNSPLIT_CHECK(tokens.end <= dense.end);
  DYNSPLIT_CHECK(tokens.end % kPageTokens == 0 || tokens.end == dense.end);
  CausalAttentionAddSimd(args, tokens, scratch);
}

void CausalAttentionFinish(const CausalAttentionArgs& args, float* scratch) {
  CausalAttentionFinishSimd(args, scratch);
}

}  // namespace dynsplit
