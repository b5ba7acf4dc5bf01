#include "kernels/quantize_summary_simd.h"

#include <cstddef>

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantize_summary_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/f16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

using Tag = hn::CappedTag<float, 16>;  // 16 divides head_dim
using Vec = hn::Vec<Tag>;

float LargestMagnitude(const f16* values, int count) {
  const Tag d;
  Vec max = hn::Zero(d);
  for (int j = 0; j < count; j += static_cast<int>(hn::Lanes(d))) {
    max = hn::Max(max, hn::Abs(LoadF16(d, values + j)));
  }
  return hn::GetLane(hn::MaxOfLanes(d, max));
}

// to[j] = round(from[j] / scale) for an integer-valued `round`.
template <typename Round>
HWY_INLINE void Divide(const f16* from, int count, float scale, int8_t* to, const Round& round) {
  const Tag d;
  const hn::Rebind<int8_t, Tag> d8;
  const Vec divisor = hn::Set(d, scale);
  for (int j = 0; j < count; j += static_cast<int>(hn::Lanes(d))) {
    const Vec exact = hn::Div(LoadF16(d, from + j), divisor);
    hn::StoreU(hn::DemoteTo(d8, hn::NearestInt(round(exact))), d8, to + j);
  }
}

void QuantizeSummaryTarget(const QuantizeSummaryArgs& args, int8_t* int8s, float* scales) {
  const int d = args.head_dim;
  if (args.kind == SummaryKind::kMinMax) {
    scales[0] = SummaryScale(LargestMagnitude(args.summary, 2 * d));
    Divide(args.summary, d, scales[0], int8s,
           [](Vec v) DYNSPLIT_SIMD_LAMBDA { return hn::Floor(v); });
    Divide(args.summary + d, d, scales[0], int8s + d,
           [](Vec v) DYNSPLIT_SIMD_LAMBDA { return hn::Ceil(v); });
    return;
  }
  for (int v = 0; v < args.vectors; ++v) {
    const f16* mean = args.summary + int64_t{v} * d;
    scales[v] = SummaryScale(LargestMagnitude(mean, d));
    Divide(mean, d, scales[v], int8s + int64_t{v} * d,
           [](Vec vec) DYNSPLIT_SIMD_LAMBDA { return vec; });  // NearestInt rounds
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(QuantizeSummaryTarget);

void QuantizeSummarySimd(const QuantizeSummaryArgs& args, int8_t* int8s, float* scales) {
  HWY_DYNAMIC_DISPATCH(QuantizeSummaryTarget)(args, int8s, scales);
}

}  // namespace dynsplit
#endif
