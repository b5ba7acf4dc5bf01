// Soft-capping of attention scores (score_cap.h). A pass of its own over scores that are in the
// first cache, so that models without a cap pay one branch for some dozens of keys. Included once
// per target.
#include <cstddef>

#include "hwy/highway.h"
#include "kernels/exp-inl.h"

#if defined(DYNSPLIT_KERNELS_SCORE_CAP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DYNSPLIT_KERNELS_SCORE_CAP_INL_H_
#undef DYNSPLIT_KERNELS_SCORE_CAP_INL_H_
#else
#define DYNSPLIT_KERNELS_SCORE_CAP_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// tanh(x), with a relative error below 1e-6. Near 0, where 1 - 2 / (exp(2x) + 1) loses digits, its
// Taylor series.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V FastTanh(D d, V x) {
  const V square = hn::Mul(x, x);
  V series = hn::MulAdd(square, hn::Set(d, 62.0f / 2835), hn::Set(d, -17.0f / 315));
  series = hn::MulAdd(square, series, hn::Set(d, 2.0f / 15));
  series = hn::MulAdd(square, series, hn::Set(d, -1.0f / 3));
  series = hn::MulAdd(hn::Mul(x, square), series, x);
  const V one = hn::Set(d, 1.0f);
  // Beyond 30 the result is 1, and the exponential would overflow.
  const V twice = hn::Min(hn::Add(x, x), hn::Set(d, 30.0f));
  const V whole = hn::Sub(one, hn::Div(hn::Set(d, 2.0f), hn::Add(FastExp(d, twice), one)));
  return hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 0.25f)), series, whole);
}

// scores[i] = cap * tanh(scale * scores[i] / cap). `scores` is aligned, and up to `count` rounded
// up to 16 it may be written to.
HWY_INLINE void CapScores(float* scores, size_t count, float scale, float cap) {
  const hn::CappedTag<float, 16> d;
  const auto inverse = hn::Set(d, scale / cap);
  for (size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto score = FastTanh(d, hn::Mul(hn::Load(d, scores + i), inverse));
    hn::Store(hn::Mul(score, hn::Set(d, cap)), d, scores + i);
  }
}

// Makes scores of products where there is a cap. Returns what they are still to be multiplied with.
HWY_INLINE float CapIfAny(float* products, size_t count, float scale, float cap) {
  if (cap == 0) return scale;
  CapScores(products, count, scale, cap);
  return 1;
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
