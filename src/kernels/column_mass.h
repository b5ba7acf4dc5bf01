// How much attention mass each key receives from a block of query rows: what the policies that let
// tokens be voted for need (method.md section 6). Uses the log-sum-exp that attention already has.
#pragma once

#include "kernels/kv_view.h"

namespace dynsplit {

struct ColumnMassArgs {
  // Row i, head j at queries + i * query_row_stride + j * head_dim, unscaled, after RoPE.
  const float* queries = nullptr;
  int64_t query_row_stride = 0;
  // Log-sum-exp of the scaled scores, lse[i * lse_row_stride + j].
  const float* lse = nullptr;
  int64_t lse_row_stride = 0;
  int rows = 0;
  int group_heads = 1;
  float scale = 1;
  float score_cap = 0;         // soft-cap of the scaled scores (score_cap.h); 0: none
  int64_t first_position = 0;  // row i sees keys 0..first_position + i
  KvView kv;
  TokenRange keys;  // whose mass is wanted
};

// Adds to mass[k - keys.start] the sum over rows and heads of exp(score - lse), for each key k of
// `keys` that the row sees. Cost: O(rows * group_heads * keys * head_dim). Thread safety: distinct
// `mass`.
void ColumnMass(const ColumnMassArgs& args, float* mass);
void ColumnMassRef(const ColumnMassArgs& args, float* mass);

}  // namespace dynsplit
