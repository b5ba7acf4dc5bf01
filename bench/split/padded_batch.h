// Attention of one query row to a batch of blocks that are all padded to the same number of rows:
// every block is computed in full and what is padding gets no weight. What V2F is compared with.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/kv_view.h"
#include "kernels/softmax_state.h"

namespace dynsplit {

inline constexpr size_t kPaddedBatchAhead = 32;  // rows that are fetched before they are read

struct PaddedBatch {
  std::span<const int32_t> lengths;  // [num_blocks], 1..block_rows
  int block_rows = 0;                // at most kPageTokens
  // The rows of both, either copied to arrays [num_blocks, block_rows, head_dim]
  const f16* keys = nullptr;
  const f16* values = nullptr;
  // or, without these, where they lie: [num_blocks * block_rows + kPaddedBatchAhead]. Padding is
  // any finite rows.
  const f16* const* key_rows = nullptr;
  const f16* const* value_rows = nullptr;
};

struct PaddedBatchArgs {
  const float* queries = nullptr;  // [group_heads, head_dim]
  int group_heads = 1;
  int head_dim = 0;
  float scale = 1;
  PaddedBatch batch;
};

// Writes states[group_heads] and the unnormalised outputs[group_heads, head_dim].
void PaddedBatchAttention(const PaddedBatchArgs& args, SoftmaxState* states, float* outputs);

}  // namespace dynsplit
