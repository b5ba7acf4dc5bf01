// Loops unrolled at compile time, so that arrays of vectors become registers at every optimisation
// level. Included once per target.
#include <cstddef>
#include <type_traits>
#include <utility>

#include "hwy/highway.h"

#if defined(DYNSPLIT_KERNELS_UNROLL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DYNSPLIT_KERNELS_UNROLL_INL_H_
#undef DYNSPLIT_KERNELS_UNROLL_INL_H_
#else
#define DYNSPLIT_KERNELS_UNROLL_INL_H_
#endif

// Follows the parameters of every lambda of a kernel: a lambda inherits neither the target nor the
// inlining of the function around it.
#ifndef DYNSPLIT_SIMD_LAMBDA
#define DYNSPLIT_SIMD_LAMBDA HWY_ATTR __attribute__((always_inline))
#endif

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

template <typename Fn, size_t... kIndex>
HWY_INLINE void UnrollIndices(const Fn& fn, std::index_sequence<kIndex...>) {
  (fn(std::integral_constant<size_t, kIndex>{}), ...);
}

// fn(0), ..., fn(kCount - 1), each index a compile-time constant.
template <size_t kCount, typename Fn>
HWY_INLINE void Unroll(const Fn& fn) {
  UnrollIndices(fn, std::make_index_sequence<kCount>{});
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
