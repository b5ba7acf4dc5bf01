// A vector exponential for softmax. Included once per target.
#include "hwy/highway.h"

#if defined(DYNSPLIT_KERNELS_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DYNSPLIT_KERNELS_EXP_INL_H_
#undef DYNSPLIT_KERNELS_EXP_INL_H_
#else
#define DYNSPLIT_KERNELS_EXP_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// exp(x) for x <= 88, 0 where x < -87 (2^-126 is the smallest normal f32). The relative error is
// below 2e-7 + 6e-8 |x|; exp(0) is 1. Two to the power n + f is 2^n, added to the exponent bits,
// times a polynomial in f in [-0.5, 0.5] (degree 5, found with Remez' algorithm).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V FastExp(D d, V x) {
  const hn::RebindToSigned<D> di;
  const V lowest = hn::Set(d, -87.0f);
  // Adding 1.5 * 2^23 rounds to an integer, which then lies in the low bits.
  const V magic = hn::Set(d, 12582912.0f);
  const V t = hn::Mul(hn::Max(x, lowest), hn::Set(d, 1.44269504f));
  const V shifted = hn::Add(t, magic);
  const V f = hn::Sub(t, hn::Sub(shifted, magic));
  V power = hn::MulAdd(f, hn::Set(d, 0.001327647198f), hn::Set(d, 0.009675541334f));
  power = hn::MulAdd(f, power, hn::Set(d, 0.05550713274f));
  power = hn::MulAdd(f, power, hn::Set(d, 0.2402211972f));
  power = hn::MulAdd(f, power, hn::Set(d, 0.6931469671f));
  power = hn::MulAdd(f, power, hn::Set(d, 1.0f));
  const auto n = hn::ShiftLeft<23>(hn::BitCast(di, shifted));
  const V result = hn::BitCast(d, hn::Add(hn::BitCast(di, power), n));
  return hn::IfThenElseZero(hn::Ge(x, lowest), result);
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
