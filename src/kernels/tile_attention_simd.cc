#include "kernels/tile_attention_simd.h"

#include <algorithm>

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/tile_attention_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/rows-inl.h"
#include "kernels/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

// One tile for `heads` <= kMaxHeads heads, whose arguments start at the first of them. While
// the keys are read, the values are fetched into the cache, and with the values the keys of `next`:
// half a tile ahead (at most 16 KiB at head_dim 128, so that both fit in the first cache).
void AddTile(const TileAttentionArgs& args, Tile tile, Tile next, size_t heads,
             SoftmaxState* states, float* outputs) {
  const size_t head_dim = static_cast<size_t>(args.kv.head_dim);
  const size_t count = static_cast<size_t>(tile.rows);
  const size_t next_count = static_cast<size_t>(next.rows);
  HWY_ALIGN_MAX float weights[kMaxHeads * kPageTokens];
  float decay[kMaxHeads];
  const Rows keys = {args.kv.Key(tile.start), count, head_dim, args.kv.Value(tile.start), count};
  DotRows({args.queries, head_dim}, heads, keys, {weights, kPageTokens});
  for (size_t h = 0; h < heads; ++h) {
    decay[h] = SoftmaxPart(weights + h * kPageTokens, count, args.scale, states[h]);
  }
  const Rows values = {args.kv.Value(tile.start), count, head_dim, args.kv.Key(next.start),
                       next_count};
  SumRows({weights, kPageTokens}, heads, values, decay, {outputs, head_dim});
}

void TileAttentionTarget(const TileAttentionArgs& args, SoftmaxState* states, float* outputs) {
  const size_t heads = static_cast<size_t>(args.group_heads);
  const size_t head_dim = static_cast<size_t>(args.kv.head_dim);
  std::fill_n(states, heads, SoftmaxState());
  std::fill_n(outputs, heads * head_dim, 0.0f);
  for (int i = 0; i < args.num_tiles; ++i) {
    const Tile tile = args.tiles[i];
    if (tile.rows == 0) continue;
    Tile next = i + 1 < args.num_tiles ? args.tiles[i + 1] : Tile();
    ForHeadChunks(heads, [&](size_t first, size_t count) DYNSPLIT_SIMD_LAMBDA {
      TileAttentionArgs chunk = args;
      chunk.queries += first * head_dim;
      AddTile(chunk, tile, next, count, states + first, outputs + first * head_dim);
      next.rows = 0;  // the first chunk fetches all of its keys
    });
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(TileAttentionTarget);

void TileAttentionSimd(const TileAttentionArgs& args, SoftmaxState* states, float* outputs) {
  HWY_DYNAMIC_DISPATCH(TileAttentionTarget)(args, states, outputs);
}

}  // namespace dynsplit
#endif
