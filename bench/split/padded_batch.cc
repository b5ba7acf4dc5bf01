#include "split/padded_batch.h"

#include <algorithm>

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "split/padded_batch.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/rows-inl.h"
#include "kernels/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {
static_assert(ScatteredRows::kAhead == kPaddedBatchAhead);

// One block, padding and all, for `heads` <= kMaxHeads heads, whose arguments start at the first of
// them.
template <class AnyRows>
void AddPaddedBlock(const PaddedBatchArgs& args, size_t length, const AnyRows& keys,
                    const AnyRows& values, size_t heads, SoftmaxState* states, float* outputs) {
  const size_t head_dim = keys.length;
  HWY_ALIGN_MAX float weights[kMaxHeads * kPageTokens];
  float decay[kMaxHeads];
  DotRows({args.queries, head_dim}, heads, keys, {weights, kPageTokens});
  for (size_t h = 0; h < heads; ++h) {
    float* dots = weights + h * kPageTokens;
    std::fill(dots + length, dots + keys.count, hwy::LowestValue<float>());
    decay[h] = SoftmaxPart(dots, keys.count, args.scale, states[h]);
  }
  SumRows({weights, kPageTokens}, heads, values, decay, {outputs, head_dim});
}

// rows_of(first, block) gives the rows of a block.
template <class RowsOf>
HWY_INLINE void AddPaddedBlocks(const PaddedBatchArgs& args, const RowsOf& keys_of,
                                const RowsOf& values_of, SoftmaxState* states, float* outputs) {
  const size_t head_dim = static_cast<size_t>(args.head_dim);
  for (size_t b = 0; b < args.batch.lengths.size(); ++b) {
    const size_t length = static_cast<size_t>(args.batch.lengths[b]);
    ForHeadChunks(static_cast<size_t>(args.group_heads),
                  [&](size_t first, size_t count) DYNSPLIT_SIMD_LAMBDA {
                    PaddedBatchArgs chunk = args;
                    chunk.queries += first * head_dim;
                    AddPaddedBlock(chunk, length, keys_of(b), values_of(b), count, states + first,
                                   outputs + first * head_dim);
                  });
  }
}

struct CopiedRows {
  const f16* first;
  size_t block_rows;
  size_t head_dim;

  Rows operator()(size_t b) const {
    return {first + b * block_rows * head_dim, block_rows, head_dim};
  }
};

struct PlacedRows {
  const f16* const* first;
  size_t block_rows;
  size_t head_dim;

  ScatteredRows operator()(size_t b) const {
    return {first + b * block_rows, block_rows, head_dim};
  }
};

void PaddedBatchTarget(const PaddedBatchArgs& args, SoftmaxState* states, float* outputs) {
  const PaddedBatch& batch = args.batch;
  const size_t rows = static_cast<size_t>(batch.block_rows);
  const size_t head_dim = static_cast<size_t>(args.head_dim);
  std::fill_n(states, args.group_heads, SoftmaxState());
  std::fill_n(outputs, static_cast<size_t>(args.group_heads) * head_dim, 0.0f);
  if (batch.keys != nullptr) {
    AddPaddedBlocks(args, CopiedRows{batch.keys, rows, head_dim},
                    CopiedRows{batch.values, rows, head_dim}, states, outputs);
  } else {
    AddPaddedBlocks(args, PlacedRows{batch.key_rows, rows, head_dim},
                    PlacedRows{batch.value_rows, rows, head_dim}, states, outputs);
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(PaddedBatchTarget);

void PaddedBatchAttention(const PaddedBatchArgs& args, SoftmaxState* states, float* outputs) {
  HWY_DYNAMIC_DISPATCH(PaddedBatchTarget)(args, states, outputs);
}

}  // namespace dynsplit
#endif
