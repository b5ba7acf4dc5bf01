// Vectors of binary16 in memory. Included once per target.
#include "hwy/highway.h"
#include "kernels/kv_view.h"
#include "kernels/unroll-inl.h"

#if defined(DYNSPLIT_KERNELS_F16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DYNSPLIT_KERNELS_F16_INL_H_
#undef DYNSPLIT_KERNELS_F16_INL_H_
#else
#define DYNSPLIT_KERNELS_F16_INL_H_
#endif

// Highway 1.0.3 emulates the conversion on the other targets, truncating and without infinities.
#undef DYNSPLIT_NATIVE_F16
#if HWY_TARGET == HWY_NEON || (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2 && !defined(HWY_DISABLE_F16C))
#define DYNSPLIT_NATIVE_F16 1
#else
#define DYNSPLIT_NATIVE_F16 0
#endif

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Lanes(d) values from any address, exactly, as f32.
template <class D>
HWY_INLINE hn::Vec<D> LoadF16(D d, const f16* from) {
#if DYNSPLIT_NATIVE_F16
  const hn::Rebind<hwy::float16_t, D> d16;
  return hn::PromoteTo(d, hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(from)));
#else
  const hn::Rebind<uint16_t, D> d16;
  const hn::RebindToUnsigned<D> du;
  const hn::RebindToSigned<D> di;
  const auto bits = hn::PromoteTo(du, hn::LoadU(d16, from));
  const auto sign = hn::ShiftLeft<16>(hn::And(bits, hn::Set(du, 0x8000u)));
  const auto magnitude = hn::And(bits, hn::Set(du, 0x7fffu));
  const auto rebias = hn::Set(du, uint32_t{127 - 15} << 23);
  const auto normal = hn::Add(hn::ShiftLeft<13>(magnitude), rebias);
  const auto special =
      hn::RebindMask(du, hn::Gt(hn::BitCast(di, magnitude), hn::Set(di, 0x7bff)));  // infinity, NaN
  const auto tiny = hn::RebindMask(
      du, hn::Lt(hn::BitCast(di, magnitude), hn::Set(di, 0x0400)));  // zero, subnormal
  const auto multiple =
      hn::Mul(hn::ConvertTo(d, hn::BitCast(di, magnitude)), hn::Set(d, 0x1.0p-24f));
  auto wide = hn::IfThenElse(special, hn::Add(normal, rebias), normal);
  wide = hn::IfThenElse(tiny, hn::BitCast(du, multiple), wide);
  return hn::BitCast(d, hn::Or(wide, sign));
#endif
}

// Lanes(d) values to any address, rounded to nearest even.
template <class D>
HWY_INLINE void StoreF16(D d, hn::Vec<D> value, f16* to) {
#if DYNSPLIT_NATIVE_F16
  const hn::Rebind<hwy::float16_t, D> d16;
  hn::StoreU(hn::DemoteTo(d16, value), d16, reinterpret_cast<hwy::float16_t*>(to));
#else
  // The same steps as F16FromF32() in f16.h, which explains them.
  const hn::Rebind<uint16_t, D> d16;
  const hn::RebindToUnsigned<D> du;
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(du, value);
  const auto magnitude = hn::And(bits, hn::Set(du, 0x7fffffffu));
  const auto sign = hn::ShiftRight<16>(hn::Xor(bits, magnitude));
  const auto below = [&](uint32_t limit) DYNSPLIT_SIMD_LAMBDA {
    return hn::RebindMask(
        du, hn::Lt(hn::BitCast(di, magnitude), hn::Set(di, static_cast<int32_t>(limit))));
  };
  const auto odd = hn::And(hn::ShiftRight<13>(magnitude), hn::Set(du, 1u));
  const auto bias = hn::Set(du, (uint32_t{127 - 15} << 23) - 0xfffu);
  const auto normal = hn::ShiftRight<13>(hn::Sub(hn::Add(magnitude, odd), bias));
  const auto shifted = hn::Add(hn::BitCast(d, magnitude), hn::Set(d, 0.5f));
  const auto tiny = hn::Sub(hn::BitCast(du, shifted), hn::Set(du, 0x3f000000u));
  auto narrow = hn::IfThenElse(below(0x38800000u), tiny, normal);
  narrow = hn::IfThenElse(below(0x477ff000u), narrow, hn::Set(du, 0x7c00u));
  narrow = hn::IfThenElse(below(0x7f800001u), narrow, hn::Set(du, 0x7e00u));
  hn::StoreU(hn::DemoteTo(d16, hn::BitCast(di, hn::Or(narrow, sign))), d16, to);
#endif
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
