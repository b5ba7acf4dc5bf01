#include "kernels/tile_attention.h"

#include <algorithm>

#include "base/check.h"
#include "kernels/tile_attention_simd.h"

namespace dynsplit {

void TileAttention(const TileAttentionArgs& args, SoftmaxState* states, float* outputs) {
  DYNSPLIT_CHECK(args.group_heads > 0 && args.num_tiles >= 0 && args.scale > 0);
  DYNSPLIT_CHECK(args.kv.head_dim > 0 && args.kv.head_dim % 16 == 0 && args.score_cap >= 0);
  DYNSPLIT_CHECK(args.kv.value_dim > 0 && args.kv.value_dim % 16 == 0);
  for (int i = 0; i < args.num_tiles; ++i) {
    const Tile& tile = args.tiles[i];
    DYNSPLIT_CHECK(tile.start >= 0 && tile.rows >= 0);
    DYNSPLIT_CHECK(tile.start % kPageTokens + tile.rows <= kPageTokens);
  }
  TileAttentionSimd(args, states, outputs);
}

SoftmaxState MergeSoftmax(const SoftmaxState* states, const float* outputs, int num_parts,
                          int stride, int value_dim, float* result) {
  SoftmaxState merged;
  for (int i = 0; i < num_parts; ++i) {
    merged.max = std::max(merged.max, states[int64_t{i} * stride].max);
  }
  std::fill_n(result, value_dim, 0.0f);
  for (int i = 0; i < num_parts; ++i) {
    const SoftmaxState& part = states[int64_t{i} * stride];
    if (part.sum == 0) continue;  // no keys: its max is -inf
    const float weight = std::exp(part.max - merged.max);
    const float* output = outputs + int64_t{i} * stride * value_dim;
    merged.sum += weight * part.sum;
    for (int j = 0; j < value_dim; ++j) result[j] += weight * output[j];
  }
  const float normalise = merged.sum > 0 ? 1 / merged.sum : 0;
  for (int j = 0; j < value_dim; ++j) result[j] *= normalise;
  return merged;
}

}  // namespace dynsplit
