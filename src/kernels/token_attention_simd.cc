#include "kernels/token_attention_simd.h"

#include <algorithm>

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/token_attention_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/rows-inl.h"
#include "kernels/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

// One piece, from token `first` on, for `heads` <= kMaxHeads heads, whose arguments start at the
// first of them.
void AddPiece(const TokenAttentionArgs& args, const ScatteredRows& values, size_t first,
              size_t heads, SoftmaxState* states, float* outputs) {
  HWY_ALIGN_MAX float weights[kMaxHeads * kPieceRows];
  float decay[kMaxHeads];
  for (size_t h = 0; h < heads; ++h) {
    float* weight = weights + h * kPieceRows;
    std::copy_n(args.scores + h * static_cast<size_t>(args.score_stride) + first, values.count,
                weight);
    decay[h] = SoftmaxPart(weight, values.count, 1.0f, states[h]);
  }
  SumRows({weights, kPieceRows}, heads, values, decay, {outputs, values.length});
}

void TokenAttentionTarget(const TokenAttentionArgs& args, SoftmaxState* states, float* outputs) {
  const size_t heads = static_cast<size_t>(args.group_heads);
  const size_t value_dim = static_cast<size_t>(args.kv.value_dim);
  std::fill_n(states, heads, SoftmaxState());
  std::fill_n(outputs, heads * value_dim, 0.0f);
  const auto add = [&](const ScatteredRows& values, size_t first) HWY_ATTR {
    ForHeadChunks(heads, [&](size_t head, size_t count) DYNSPLIT_SIMD_LAMBDA {
      TokenAttentionArgs chunk = args;
      chunk.scores += head * static_cast<size_t>(args.score_stride);
      AddPiece(chunk, values, first, count, states + head, outputs + head * value_dim);
    });
  };
  ForScatteredRows(args.kv.Part(KvPart::kValues), args.tokens, static_cast<size_t>(args.num_tokens),
                   add);
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(TokenAttentionTarget);

void TokenAttentionSimd(const TokenAttentionArgs& args, SoftmaxState* states, float* outputs) {
  HWY_DYNAMIC_DISPATCH(TokenAttentionTarget)(args, states, outputs);
}

}  // namespace dynsplit
#endif
