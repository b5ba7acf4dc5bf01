#include "kernels/page_codec_simd.h"

#include <algorithm>

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/page_codec_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/page_decode-inl.h"
#include "kernels/page_encode-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

void EncodePageTarget(KvType type, const f16* rows, int head_dim, f16* page) {
  const size_t length = static_cast<size_t>(head_dim);
  if (type == KvType::kQ4) return EncodeQ4(rows, length, page);
  const PageTag d;
  HWY_ALIGN_MAX float values[kMaxHeadDim];
  for (size_t row = 0; row < kPageTokens; ++row) {
    for (size_t j = 0; j < length; j += hn::Lanes(d)) {
      hn::Store(LoadF16(d, rows + row * length + j), d, values + j);
    }
    EncodeQ8Row(values, row, length, page);
  }
}

void DecodePageTarget(KvType type, const f16* page, RowRange range, int head_dim, f16* rows) {
  const size_t length = static_cast<size_t>(head_dim);
  const size_t first = static_cast<size_t>(range.first), count = static_cast<size_t>(range.count);
  if (type == KvType::kF16) {
    std::copy_n(page + first * length, count * length, rows);
  } else {
    DecodeRows(type, page, first, count, length, rows);
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(EncodePageTarget);
HWY_EXPORT(DecodePageTarget);

void EncodePageSimd(KvType type, const f16* rows, int head_dim, f16* page) {
  HWY_DYNAMIC_DISPATCH(EncodePageTarget)(type, rows, head_dim, page);
}

void DecodePageSimd(KvType type, const f16* page, RowRange range, int head_dim, f16* rows) {
  HWY_DYNAMIC_DISPATCH(DecodePageTarget)(type, page, range, head_dim, rows);
}

}  // namespace dynsplit
#endif
