// One step of the online softmax. Included once per target.
#include <cmath>
#include <cstddef>

#include "hwy/highway.h"
#include "kernels/exp-inl.h"
#include "kernels/rows-inl.h"
#include "kernels/softmax_state.h"

#if defined(DYNSPLIT_KERNELS_SOFTMAX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DYNSPLIT_KERNELS_SOFTMAX_INL_H_
#undef DYNSPLIT_KERNELS_SOFTMAX_INL_H_
#else
#define DYNSPLIT_KERNELS_SOFTMAX_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Turns the dot products of one head with some keys into softmax weights relative to the new
// maximum. Returns what the head's sums so far are to be multiplied with. `dots` is aligned and
// has room for the count rounded up to 16.
HWY_INLINE float SoftmaxPart(float* dots, size_t count, float scale, SoftmaxState& state) {
  const RowTag d;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = count; i % lanes != 0; ++i) dots[i] = hwy::LowestValue<float>();
  RowVec max = hn::Set(d, state.max);
  for (size_t i = 0; i < count; i += lanes) {
    const RowVec score = hn::Mul(hn::Load(d, dots + i), hn::Set(d, scale));
    hn::Store(score, d, dots + i);
    max = hn::Max(max, score);
  }
  max = hn::MaxOfLanes(d, max);
  RowVec sum = hn::Zero(d);
  for (size_t i = 0; i < count; i += lanes) {
    const RowVec weight = FastExp(d, hn::Sub(hn::Load(d, dots + i), max));
    hn::Store(weight, d, dots + i);
    sum = hn::Add(sum, weight);
  }
  const float new_max = hn::GetLane(max);
  const float decay = new_max == state.max ? 1.0f : std::exp(state.max - new_max);
  state.max = new_max;
  state.sum = state.sum * decay + hn::GetLane(hn::SumOfLanes(d, sum));
  return decay;
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
