// Causal flash attention for prefill: a block of query rows of one KV head against all keys up to
// each row's own position, or against those that were chosen for the block. GEMM-shaped: K and V
// are converted to f32 once per block of rows, and pages wholly after the last row are never
// touched. arXiv 2205.14135.
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
  float score_cap = 0;  // soft-cap of the scaled scores (score_cap.h); 0: none
  // Row i sees keys dense_start..first_position + i, and before them those of `earlier`: ranges
  // [num_earlier] that do not overlap, of any length.
  int64_t first_position = 0;
  int64_t dense_start = 0;  // a multiple of kPageTokens, at most first_position
  // With a window, `earlier` is empty, and of these keys the row sees the last `window`. 0: none.
  int64_t window = 0;
  const TokenRange* earlier = nullptr;
  int num_earlier = 0;
  KvView kv;
  // Row i, head j at outputs + i * output_row_stride + j * value_dim; normalised.
  float* outputs = nullptr;
  int64_t output_row_stride = 0;
  // Log-sum-exp of the scaled scores, lse[i * lse_row_stride + j]; null where not wanted.
  float* lse = nullptr;
  int64_t lse_row_stride = 0;
};

// Floats of scratch that one call needs.
size_t CausalAttentionScratch(int head_dim, int value_dim, int group_heads);

// Cost: O(rows * group_heads * keys seen * (head_dim + value_dim)). `scratch` is 64-byte aligned
// and holds CausalAttentionScratch() floats. Thread safety: calls may run at once with distinct
// outputs and scratch.
void CausalAttention(const CausalAttentionArgs& args, float* scratch);
void CausalAttentionRef(const CausalAttentionArgs& args);

// The keys that some row sees and that `earlier` does not hold.
inline TokenRange DenseKeys(const CausalAttentionArgs& args) {
  return {args.dense_start, args.first_position + args.rows};
}

// The same in steps, for keys and values that need not be there at once: Start reads none;
// AddEarliers then read those of `earlier`, in consecutive parts of kPageTokens tokens or a
// multiple but for the last; Adds read those of DenseKeys, in ascending ranges that begin and end
// at pages, or at the last key; Finish writes the results. All with the same args, but for
// `earlier` and what kv points to. The results are those of one call, to the bit.
void CausalAttentionStart(const CausalAttentionArgs& args, float* scratch);
void CausalAttentionAddEarlier(const CausalAttentionArgs& args, float* scratch);
void CausalAttentionAdd(const CausalAttentionArgs& args, TokenRange tokens, float* scratch);
void CausalAttentionFinish(const CausalAttentionArgs& args, float* scratch);

}  // namespace dynsplit
