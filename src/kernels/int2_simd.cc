#include "kernels/int2_simd.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "kernels/f16.h"
#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/int2_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/f16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

using Tag = hn::CappedTag<float, 16>;  // 16 divides head_dim
using Vec = hn::Vec<Tag>;

// Adds fn(value - offset) of all vectors to sums[head_dim].
template <typename Fn>
HWY_INLINE void SumChannels(const Int2Vectors& vectors, const float* offsets, float* sums,
                            const Fn& fn) {
  const Tag d;
  const size_t head_dim = static_cast<size_t>(vectors.head_dim);
  std::fill_n(sums, head_dim, 0.0f);
  const f16* vector = vectors.first;
  for (int64_t i = 0; i < vectors.count; ++i, vector += head_dim) {
    for (size_t j = 0; j < head_dim; j += hn::Lanes(d)) {
      const Vec value = hn::Sub(LoadF16(d, vector + j), hn::LoadU(d, offsets + j));
      hn::StoreU(hn::Add(hn::LoadU(d, sums + j), fn(value)), d, sums + j);
    }
  }
}

void LearnInt2ScaleTarget(const Int2Vectors& vectors, f16* scale) {
  const int head_dim = vectors.head_dim;
  const float per_vector = 1 / static_cast<float>(vectors.count);
  HWY_ALIGN_MAX float zeros[kMaxHeadDim] = {};
  HWY_ALIGN_MAX float means[kMaxHeadDim];
  HWY_ALIGN_MAX float variances[kMaxHeadDim];
  SumChannels(vectors, zeros, means, [](Vec v) DYNSPLIT_SIMD_LAMBDA { return v; });
  for (int j = 0; j < head_dim; ++j) means[j] *= per_vector;
  SumChannels(vectors, means, variances, [](Vec v) DYNSPLIT_SIMD_LAMBDA { return hn::Mul(v, v); });
  float square = 0;
  for (int j = 0; j < head_dim; ++j) {
    variances[j] *= per_vector;
    square += variances[j] + means[j] * means[j];
  }
  const float least = std::sqrt(square / static_cast<float>(head_dim)) / 16;
  for (int j = 0; j < head_dim; ++j) {
    // Of a normal distribution four levels this far apart lose least, but for 0.4 %.
    const float step = std::sqrt(variances[j]);
    scale[j] = F16FromF32(means[j]);
    scale[head_dim + j] = F16FromF32(std::fmax(step, least));
  }
}

void QuantizeInt2Target(const Int2Vectors& vectors, const f16* scale, int64_t first,
                        uint8_t* panels) {
  const Tag d;
  const hn::RebindToSigned<Tag> di;
  const int head_dim = vectors.head_dim;
  HWY_ALIGN_MAX float centers[kMaxHeadDim];
  HWY_ALIGN_MAX float inverses[kMaxHeadDim];
  for (int j = 0; j < head_dim; ++j) {
    const float step = F32FromF16(scale[head_dim + j]);
    centers[j] = F32FromF16(scale[j]);
    inverses[j] = step > 0 ? 1 / step : 0;
  }
  const f16* vector = vectors.first;
  HWY_ALIGN_MAX int32_t codes[kMaxHeadDim];
  for (int64_t i = 0; i < vectors.count; ++i, vector += head_dim) {
    for (int j = 0; j < head_dim; j += static_cast<int>(hn::Lanes(d))) {
      const Vec away = hn::Sub(LoadF16(d, vector + j), hn::LoadU(d, centers + j));
      const Vec exact = hn::Add(hn::Mul(away, hn::LoadU(d, inverses + j)), hn::Set(d, 2.0f));
      const Vec code = hn::Floor(hn::Clamp(exact, hn::Zero(d), hn::Set(d, 3.0f)));
      hn::StoreU(hn::ConvertTo(di, code), di, codes + j);
    }
    // Four bytes of the vector's own for 16 channels each.
    uint8_t* bytes = panels + PlaceOfInt2(head_dim, first + i, 0).byte;
    for (const int32_t* of = codes; of < codes + head_dim; of += 16, bytes += kInt2LineStride) {
      for (int b = 0; b < 4; ++b) {
        bytes[b] = static_cast<uint8_t>(of[b] | of[4 + b] << 2 | of[8 + b] << 4 | of[12 + b] << 6);
      }
    }
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(LearnInt2ScaleTarget);
HWY_EXPORT(QuantizeInt2Target);

void LearnInt2ScaleSimd(const Int2Vectors& vectors, f16* scale) {
  HWY_DYNAMIC_DISPATCH(LearnInt2ScaleTarget)(vectors, scale);
}

void QuantizeInt2Simd(const Int2Vectors& vectors, const f16* scale, int64_t first,
                      uint8_t* panels) {
  HWY_DYNAMIC_DISPATCH(QuantizeInt2Target)(vectors, scale, first, panels);
}

}  // namespace dynsplit
#endif
