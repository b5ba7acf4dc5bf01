#include "kernels/key_score_simd.h"

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/key_score_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/rows-inl.h"
#include "kernels/score_cap-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

void KeyScoreTarget(const KeyScoreArgs& args, float* scores, int64_t score_stride) {
  const size_t head_dim = static_cast<size_t>(args.kv.head_dim);
  HWY_ALIGN_MAX float dots[kMaxHeads * kPieceRows];
  const auto score = [&](const ScatteredRows& keys, size_t first_key) HWY_ATTR {
    ForHeadChunks(static_cast<size_t>(args.group_heads), [&](size_t first,
                                                             size_t heads) DYNSPLIT_SIMD_LAMBDA {
      DotRows({args.queries + first * head_dim, head_dim}, heads, keys, {dots, kPieceRows});
      for (size_t h = 0; h < heads; ++h) {
        float* to = scores + (first + h) * static_cast<size_t>(score_stride) + first_key;
        float* dot = dots + h * kPieceRows;
        const float scale = CapIfAny(dot, keys.count, args.scale, args.score_cap);
        for (size_t k = 0; k < keys.count; ++k) to[k] = dot[k] * scale;
      }
    });
  };
  ForScatteredRows(args.kv.Part(KvPart::kKeys), args.tokens, static_cast<size_t>(args.num_tokens),
                   score);
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
