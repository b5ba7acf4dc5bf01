#include "kernels/column_mass_simd.h"

#include <algorithm>
#include <limits>

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/column_mass_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/exp-inl.h"
#include "kernels/rows-inl.h"
#include "kernels/score_cap-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

// Adds one row's mass on `count` keys, all in one page and seen by the row, to sums[0..count),
// which holds kPageTokens values.
void AddRow(const ColumnMassArgs& args, int row, const f16* keys, size_t count, float* sums) {
  const RowTag d;
  const size_t head_dim = static_cast<size_t>(args.kv.head_dim);
  const float* queries = args.queries + row * args.query_row_stride;
  const float* row_lse = args.lse + row * args.lse_row_stride;
  HWY_ALIGN_MAX float dots[kMaxHeads * kPageTokens];
  ForHeadChunks(static_cast<size_t>(args.group_heads), [&](size_t first, size_t heads) HWY_ATTR {
    DotRows({queries + first * head_dim, head_dim}, heads, {keys, count, head_dim},
            {dots, kPageTokens});
    for (size_t h = 0; h < heads; ++h) {
      float* scores = dots + h * kPageTokens;
      const float still = CapIfAny(scores, count, args.scale, args.score_cap);
      // Adds nothing to what this row does not see, but a later one may.
      std::fill(scores + count, scores + kPageTokens, -std::numeric_limits<float>::infinity());
      const RowVec lse = hn::Set(d, row_lse[first + h]);
      const RowVec scale = hn::Set(d, still);
      for (size_t i = 0; i < count; i += hn::Lanes(d)) {
        const RowVec share = FastExp(d, hn::MulSub(hn::Load(d, scores + i), scale, lse));
        hn::Store(hn::Add(hn::Load(d, sums + i), share), d, sums + i);
      }
    }
  });
}

// Page by page, so that a page's keys stay in the cache for all rows.
void ColumnMassTarget(const ColumnMassArgs& args, float* mass) {
  HWY_ALIGN_MAX float sums[kPageTokens];
  HWY_ALIGN_MAX f16 room[kPageTokens * kMaxHeadDim];
  const int64_t seen_end = std::min(args.keys.end, args.first_position + args.rows);
  for (int64_t start = args.keys.start; start < seen_end;) {
    const int64_t page_end = (start / kPageTokens + 1) * kPageTokens;
    const int64_t end = std::min(seen_end, page_end);
    const f16* keys = F16Rows(args.kv.Part(KvPart::kKeys), {start, end}, room);
    std::fill_n(sums, kPageTokens, 0.0f);
    const int64_t first_row = std::max<int64_t>(0, start - args.first_position);
    for (int row = static_cast<int>(first_row); row < args.rows; ++row) {
      const int64_t seen = std::min(end, args.first_position + row + 1) - start;
      AddRow(args, row, keys, static_cast<size_t>(seen), sums);
    }
    for (int64_t token = start; token < end; ++token) {
      mass[token - args.keys.start] += sums[token - start];
    }
    start = end;
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(ColumnMassTarget);

void ColumnMassSimd(const ColumnMassArgs& args, float* mass) {
  HWY_DYNAMIC_DISPATCH(ColumnMassTarget)(args, mass);
}

}  // namespace dynsplit
#endif
