#include "kernels/key_score_simd.h"

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/key_score_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

// The blocks lie scattered, so no hardware foresees where the next keys are. A tile of four keys
// takes 20 ns and a line from memory 100.
constexpr int kTilesAhead = 8;

void KeyScoreTarget(const KeyScoreArgs& args, float* scores, int64_t score_stride) {
  const size_t head_dim = static_cast<size_t>(args.kv.head_dim);
  const size_t stride = static_cast<size_t>(score_stride);
  HWY_ALIGN_MAX float dots[kMaxHeads * kPageTokens];
  for (int i = 0; i < args.num_tiles; ++i) {
    const Tile tile = args.tiles[i];
    const size_t count = static_cast<size_t>(tile.rows);
    const Tile next =
        i + kTilesAhead < args.num_tiles ? args.tiles[i + kTilesAhead] : Tile{tile.start, 0};
    const Rows keys = {args.kv.Key(tile.start), count, head_dim, args.kv.Key(next.start),
                       static_cast<size_t>(next.rows)};
    ForHeadChunks(static_cast<size_t>(args.group_heads), [&](size_t first,
                                                             size_t heads) DYNSPLIT_SIMD_LAMBDA {
      DotRows({args.queries + first * head_dim, head_dim}, heads, keys, {dots, kPageTokens});
      for (size_t h = 0; h < heads; ++h) {
        float* to = scores + (first + h) * stride;
        const float* dot = dots + h * kPageTokens;
        for (size_t k = 0; k < count; ++k) to[k] = dot[k] * args.scale;
      }
    });
    scores += count;
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(KeyScoreTarget);

void KeyScoreSimd(const KeyScoreArgs& args, float* scores, int64_t score_stride) {
  HWY_DYNAMIC_DISPATCH(KeyScoreTarget)(args, scores, score_stride);
}

}  // namespace dynsplit
#endif
