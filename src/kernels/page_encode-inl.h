// Rows of f32 or f16 values into the codes of page_format.h. Included once per target.
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/code_scale.h"
#include "kernels/f16-inl.h"
#include "kernels/kv_view.h"
#include "kernels/page_decode-inl.h"

#if defined(DYNSPLIT_KERNELS_PAGE_ENCODE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DYNSPLIT_KERNELS_PAGE_ENCODE_INL_H_
#undef DYNSPLIT_KERNELS_PAGE_ENCODE_INL_H_
#else
#define DYNSPLIT_KERNELS_PAGE_ENCODE_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Writes row `row` of a page of 8 bits.
HWY_INLINE void EncodeQ8Row(const float* values, size_t row, size_t head_dim, f16* page) {
  const PageTag d;
  const hn::RebindToSigned<PageTag> d32;
  const hn::Rebind<int8_t, PageTag> d8;
  int8_t* codes = reinterpret_cast<int8_t*>(page) + row * head_dim;
  f16* scales = page + Q8Scales(head_dim) + row * NumQ8Groups(head_dim);
  for (size_t first = 0; first < head_dim; first += kQ8Group) {
    const size_t end = HWY_MIN(first + kQ8Group, head_dim);
    PageVec largest = hn::Zero(d);
    for (size_t j = first; j < end; j += hn::Lanes(d)) {
      largest = hn::Max(largest, hn::Abs(hn::LoadU(d, values + j)));
    }
    const CodeScale scale = ScaleOf(hn::GetLane(hn::MaxOfLanes(d, largest)), kMostQ8, 0);
    scales[first / kQ8Group] = scale.stored;
    const PageVec most = hn::Set(d, kMostQ8);
    for (size_t j = first; j < end; j += hn::Lanes(d)) {
      const PageVec code = hn::Mul(hn::LoadU(d, values + j), hn::Set(d, scale.inverse));
      const auto whole = hn::NearestInt(hn::Clamp(code, hn::Neg(most), most));
      hn::StoreU(hn::DemoteTo(d8, hn::BitCast(d32, whole)), d8, codes + j);
    }
  }
}

// Bytes of two rows' codes for channels [j, j + lanes).
struct Q4Pair {
  const f16* even = nullptr;
  const f16* odd = nullptr;
  uint8_t* codes = nullptr;
};

HWY_INLINE void StoreQ4Pair(const Q4Pair& pair, PageVec low, PageVec inverse) {
  const PageTag d;
  const hn::Rebind<uint8_t, PageTag> d8;
  const auto code = [&](const f16* from) DYNSPLIT_SIMD_LAMBDA {
    const PageVec value = hn::Mul(hn::Sub(LoadF16(d, from), low), inverse);
    return hn::NearestInt(hn::Clamp(value, hn::Zero(d), hn::Set(d, kMostQ4)));
  };
  const auto both = hn::Or(code(pair.even), hn::ShiftLeft<4>(code(pair.odd)));
  hn::StoreU(hn::DemoteTo(d8, both), d8, pair.codes);
}

HWY_INLINE void EncodeQ4(const f16* rows, size_t head_dim, f16* page) {
  const PageTag d;
  const size_t lanes = hn::Lanes(d);
  f16* steps = page + Q4Steps(head_dim);
  HWY_ALIGN_MAX float low[16], range[16], inverse[16];
  for (size_t j = 0; j < head_dim; j += lanes) {
    PageVec min = LoadF16(d, rows + j), max = min;
    for (size_t row = 1; row < kPageTokens; ++row) {
      const PageVec value = LoadF16(d, rows + row * head_dim + j);
      min = hn::Min(min, value);
      max = hn::Max(max, value);
    }
    hn::Store(min, d, low);
    hn::Store(hn::Sub(max, min), d, range);
    StoreF16(d, min, steps + head_dim + j);  // exact
    for (size_t i = 0; i < lanes; ++i) {
      const CodeScale scale = ScaleOf(range[i], kMostQ4, low[i]);
      steps[j + i] = scale.stored;
      inverse[i] = scale.inverse;
    }
    const PageVec all_inverse = hn::Load(d, inverse);
    for (size_t row = 0; row < kPageTokens; row += 2) {
      const f16* even = rows + row * head_dim + j;
      StoreQ4Pair(
          {even, even + head_dim, reinterpret_cast<uint8_t*>(page) + Q4Codes(head_dim, row) + j},
          min, all_inverse);
    }
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
