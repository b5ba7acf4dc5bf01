// What one core can do at best: multiply-adds from registers, and reading a large array. The other
// figures are to be seen against these.
#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/peak_bench.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, 16>;

// 12 independent chains hide the latency of two units. Returns the number of operations.
double MultiplyAdds(float seed, float* result) {
  constexpr int kSteps = 10000;
  constexpr size_t kChains = 12;
  const Tag d;
  hn::Vec<Tag> sum[kChains];
  for (auto& v : sum) v = hn::Set(d, seed);
  const auto factor = hn::Set(d, seed);
  for (int i = 0; i < kSteps; ++i) {
    Unroll<kChains>([&](auto c)
                        DYNSPLIT_SIMD_LAMBDA { sum[c] = hn::MulAdd(sum[c], factor, factor); });
  }
  for (size_t c = 1; c < kChains; ++c) sum[0] = hn::Add(sum[0], sum[c]);
  *result = hn::GetLane(hn::SumOfLanes(d, sum[0]));
  return 2.0 * kSteps * kChains * static_cast<double>(hn::Lanes(d));
}

float ReadAll(const float* values, size_t count) {
  constexpr size_t kVecs = 8;
  const Tag d;
  hn::Vec<Tag> sum[kVecs];
  for (auto& v : sum) v = hn::Zero(d);
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < count; i += kVecs * lanes) {
    Unroll<kVecs>([&](auto v) DYNSPLIT_SIMD_LAMBDA {
      sum[v] = hn::Add(sum[v], hn::Load(d, values + i + v * lanes));
    });
  }
  for (size_t v = 1; v < kVecs; ++v) sum[0] = hn::Add(sum[0], sum[v]);
  return hn::GetLane(hn::SumOfLanes(d, sum[0]));
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/kernel_bench.h"

namespace dynsplit {
namespace {

HWY_EXPORT(MultiplyAdds);
HWY_EXPORT(ReadAll);

void BM_PeakMultiplyAdd(benchmark::State& state) {
  UseIsa(state);
  double flops = 0;
  for (auto _ : state) {
    float result;
    flops = HWY_DYNAMIC_DISPATCH(MultiplyAdds)(0.5f, &result);
    benchmark::DoNotOptimize(result);
  }
  CountRate(state, "flop/s", flops);
}
BENCHMARK(BM_PeakMultiplyAdd)->Apply(IsaArguments);

void BM_PeakRead(benchmark::State& state) {
  UseIsa(state);
  AlignedBuffer<float> values(size_t{1} << 26);  // 256 MiB: beyond every cache
  for (float& value : values.span()) value = 1;
  for (auto _ : state) {
    benchmark::DoNotOptimize(HWY_DYNAMIC_DISPATCH(ReadAll)(values.data(), values.size()));
  }
  CountRate(state, "bytes/s", static_cast<double>(values.size() * sizeof(float)));
}
BENCHMARK(BM_PeakRead)->Apply(IsaArguments);

}  // namespace
}  // namespace dynsplit
#endif
