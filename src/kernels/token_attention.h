// Attention of one query row to single tokens whose scores are known: what is left to do once
// tokens were chosen by their keys. method.md section 5.
#pragma once

#include "kernels/kv_view.h"
#include "kernels/softmax_state.h"

namespace dynsplit {

struct TokenAttentionArgs {
  const float* scores = nullptr;  // [group_heads, score_stride], of them [num_tokens]; scaled
  int64_t score_stride = 0;
  int group_heads = 1;
  KvView kv;                        // only values are read
  const int32_t* tokens = nullptr;  // [num_tokens], positions in any order
  int64_t num_tokens = 0;
};

// As TileAttention() would, of these tokens: writes states[group_heads] and the unnormalised
// outputs[group_heads, value_dim]. Cost: one pass over their values, no allocation. Thread safety:
// calls may run at once on distinct outputs.
void TokenAttention(const TokenAttentionArgs& args, SoftmaxState* states, float* outputs);
void TokenAttentionRef(const TokenAttentionArgs& args, SoftmaxState* states, float* outputs);

}  // namespace dynsplit
