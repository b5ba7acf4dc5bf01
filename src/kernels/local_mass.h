// DD-Select's raw material (method.md section 2): how much attention mass a query row puts on each
// of the keys just before it. Uses the log-sum-exp that prefill attention already has, so the cost
// does not grow with the context.
#pragma once

#include "kernels/kv_view.h"

namespace dynsplit {

struct LocalMassArgs {
  const float* queries = nullptr;  // [group_heads, head_dim] of one row and KV head, unscaled
  const float* lse = nullptr;      // [group_heads], log-sum-exp of the row's scaled scores
  int group_heads = 1;
  float scale = 1;
  float score_cap = 0;  // soft-cap of the scaled scores (score_cap.h); 0: none
  KvView kv;
  int64_t position = 0;  // of the row; it sees keys 0..position
  int sink = 0;          // the first tokens, counted apart
  int window = 0;        // distances 0..window-1 are wanted
};

// Adds, summed over the heads: mass[0] += mass on the keys 0..sink-1 (of those up to position);
// mass[1 + distance] += mass on key position - distance, for distance < window and keys >= sink.
// Cost: O((sink + window) * group_heads * head_dim). Thread safety: distinct `mass`.
void LocalMass(const LocalMassArgs& args, float* mass);
void LocalMassRef(const LocalMassArgs& args, float* mass);

}  // namespace dynsplit
