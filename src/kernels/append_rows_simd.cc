#include "kernels/append_rows_simd.h"

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/append_rows_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/f16-inl.h"
#include "kernels/page_encode-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

void StoreRow(KvType type, const float* from, size_t row, size_t head_dim, f16* page) {
  if (type == KvType::kQ8) return EncodeQ8Row(from, row, head_dim, page);
  const hn::CappedTag<float, 16> d;  // 16 divides head_dim
  f16* to = page + row * head_dim;
  for (size_t j = 0; j < head_dim; j += hn::Lanes(d)) {
    StoreF16(d, hn::LoadU(d, from + j), to + j);
  }
}

void AppendRowsTarget(const AppendRowsArgs& args) {
  for (int i = 0; i < args.rows; ++i) {
    const int64_t token = args.first_token + i;
    const int64_t page = token / kPageTokens;
    const auto row = static_cast<size_t>(token % kPageTokens);
    const auto head_dim = static_cast<size_t>(args.head_dim);
    const auto value_dim = static_cast<size_t>(args.value_dim);
    StoreRow(args.type, args.keys + i * args.row_stride, row, head_dim, args.key_pages[page]);
    StoreRow(args.type, args.values + i * args.value_row_stride, row, value_dim,
             args.value_pages[page]);
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
