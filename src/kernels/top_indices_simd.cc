#include "kernels/top_indices_simd.h"

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/top_indices_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/for_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

size_t CollectTopTarget(std::span<const float> values, RankedValue least, int32_t* indices) {
  const hn::CappedTag<float, kTopIndicesPadding> whole;
  size_t collected = 0;
  ForVectors(whole, static_cast<int64_t>(values.size()), [&](auto d, int64_t i) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    const auto value = hn::LoadU(d, values.data() + i);
    const auto counted = hn::IfThenElseZero(hn::Gt(value, hn::Zero(d)), value);
    const auto bound = hn::Set(d, least.value);
    const auto index = hn::Iota(di, static_cast<int32_t>(i));
    const auto behind = hn::RebindMask(d, hn::Gt(index, hn::Set(di, least.index)));
    const auto equal = hn::AndNot(behind, hn::Eq(counted, bound));
    const auto taken = hn::RebindMask(di, hn::Or(hn::Gt(counted, bound), equal));
    collected += hn::CompressStore(index, taken, di, indices + collected);
  });
  return collected;
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(CollectTopTarget);

size_t CollectTopSimd(std::span<const float> values, RankedValue least, int32_t* indices) {
  return HWY_DYNAMIC_DISPATCH(CollectTopTarget)(values, least, indices);
}

}  // namespace dynsplit
#endif
