// Dense causal flash attention for prefill: a block of query rows of one KV head against all keys
// up to each row's own position. GEMM-shaped: a page of K and V is converted to f32 once per block
// of rows, and pages wholly after the last row are never touched. arXiv 2205.14135.
#pragma once

#include "kernels/kv_view.h"

namespace dynsplit {

inline constexpr int kMaxQueryRows = 64;  // most query rows of one call

struct CausalAttentionArgs {
  // Row i, head j at queries + i * query_row_stride + j * head_dim, unscaled, after RoPE.
  const float* queries = nullptr;
  int64_t query_row_stride = 0;
  int rows = 0;  // 1..kMaxQueryRows
  int group_heads = 1;
  float scale = 1;
  int64_t first_position = 0;  // row i sees keys 0..first_position + i
  KvView kv;
  // Row i, head j at outputs + i * output_row_stride + j * head_dim; normalised.
  float* outputs = nullptr;
  int64_t output_row_stride = 0;
  // Log-sum-exp of the scaled scores, lse[i * lse_row_stride + j]; null where not wanted.
  float* lse = nullptr;
  int64_t lse_row_stride = 0;
};

// Floats of scratch that one call needs.
size_t CausalAttentionScratch(int head_dim, int group_heads);

// Cost: O(rows * group_heads * (first_position + rows) * head_dim). `scratch` is 64-byte aligned
// and holds CausalAttentionScratch() floats. Thread safety: calls may run at once with distinct
// outputs and scratch.
void CausalAttention(const CausalAttentionArgs& args, float* scratch);
void CausalAttentionRef(const CausalAttentionArgs& args);

}  // namespace dynsplit
