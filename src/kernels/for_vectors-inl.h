// A loop over values of any number. Included once per target.
#include <cstdint>

#include "hwy/highway.h"

#if defined(DYNSPLIT_KERNELS_FOR_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DYNSPLIT_KERNELS_FOR_VECTORS_INL_H_
#undef DYNSPLIT_KERNELS_FOR_VECTORS_INL_H_
#else
#define DYNSPLIT_KERNELS_FOR_VECTORS_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Calls fn(tag, i) for i in [0, count) in steps of Lanes(tag): whole vectors of `d`, then single
// values.
template <class D, typename Fn>
HWY_INLINE void ForVectors(D d, int64_t count, const Fn& fn) {
  const hn::CappedTag<hn::TFromD<D>, 1> d1;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) fn(d, i);
  for (; i < count; ++i) fn(d1, i);
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
