#include "kernels/append_rows_simd.h"

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/append_rows_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/f16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

void StoreRow(const float* from, int head_dim, f16* to) {
  const hn::CappedTag<float, 16> d;  // 16 divides head_dim
  for (int j = 0; j < head_dim; j += static_cast<int>(hn::Lanes(d))) {
    StoreF16(d, hn::LoadU(d, from + j), to + j);
  }
}

void AppendRowsTarget(const AppendRowsArgs& args) {
  for (int i = 0; i < args.rows; ++i) {
    const int64_t token = args.first_token + i;
    const int64_t page = token / kPageTokens;
    const int64_t offset = token % kPageTokens * args.head_dim;
    StoreRow(args.keys + i * args.row_stride, args.head_dim, args.key_pages[page] + offset);
    StoreRow(args.values + i * args.row_stride, args.head_dim, args.value_pages[page] + offset);
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(AppendRowsTarget);

void AppendRowsSimd(const AppendRowsArgs& args) { HWY_DYNAMIC_DISPATCH(AppendRowsTarget)(args); }

}  // namespace dynsplit
#endif
