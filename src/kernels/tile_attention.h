// Attention of one query row over a table of tiles: decoding, for full attention (tiles of a whole
// page) and for chosen blocks alike. The query heads of one KV head are computed together, so each
// tile's K and V are read once. method.md section 5; FlashDecoding's split over keys.
#pragma once

#include "kernels/kv_view.h"
#include "kernels/softmax_state.h"

namespace dynsplit {

struct TileAttentionArgs {
  const float* queries = nullptr;  // [group_heads, head_dim], the heads of one KV head, unscaled
  int group_heads = 1;
  float scale = 1;      // multiplies every score, usually 1 / sqrt(head_dim)
  float score_cap = 0;  // soft-cap of the scaled scores (score_cap.h); 0: none
  KvView kv;
  const Tile* tiles = nullptr;  // [num_tiles]; rows = 0 is padding
  int num_tiles = 0;
};

// Writes the partial result over these tiles: states[group_heads] and the unnormalised
// outputs[group_heads, value_dim]. How the same rows are cut into tiles changes no bit of them, and
// hardly the time. Cost: O(rows of all tiles * group_heads * (head_dim + value_dim)), no
// allocation. Thread safety: calls may run at once on distinct outputs.
void TileAttention(const TileAttentionArgs& args, SoftmaxState* states, float* outputs);
void TileAttentionRef(const TileAttentionArgs& args, SoftmaxState* states, float* outputs);

// Merges num_parts partial results, always in the order given (so the result does not depend on
// which thread computed what), and normalises: result[value_dim] = softmax-weighted mean of the
// values. Part i of one head lies at states[i * stride] and outputs[i * stride * value_dim].
// Returns the merged state. No keys at all gives zeros.
SoftmaxState MergeSoftmax(const SoftmaxState* states, const float* outputs, int num_parts,
                          int stride, int value_dim, float* result);

}  // namespace dynsplit
