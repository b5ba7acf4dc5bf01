#include "kernels/summarize_simd.h"

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/summarize_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/f16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

using Tag = hn::CappedTag<float, 16>;  // 16 divides head_dim
using Vec = hn::Vec<Tag>;

// One vector of columns at a time: the keys of a run are few and stay in the first cache.
void StoreMean(const KvView& kv, TokenRange run, f16* out) {
  const Tag d;
  const Vec share = hn::Set(d, 1.0f / static_cast<float>(run.end - run.start));
  for (int j = 0; j < kv.head_dim; j += static_cast<int>(hn::Lanes(d))) {
    Vec sum = hn::Zero(d);
    for (int64_t token = run.start; token < run.end; ++token) {
      sum = hn::Add(sum, LoadF16(d, kv.Key(token) + j));
    }
    StoreF16(d, hn::Mul(sum, share), out + j);
  }
}

void StoreMinMax(const KvView& kv, TokenRange block, f16* out) {
  const Tag d;
  for (int j = 0; j < kv.head_dim; j += static_cast<int>(hn::Lanes(d))) {
    Vec min = LoadF16(d, kv.Key(block.start) + j);
    Vec max = min;
    for (int64_t token = block.start + 1; token < block.end; ++token) {
      const Vec key = LoadF16(d, kv.Key(token) + j);
      min = hn::Min(min, key);
      max = hn::Max(max, key);
    }
    StoreF16(d, min, out + j);
    StoreF16(d, max, out + kv.head_dim + j);
  }
}

void SummarizeTarget(SummaryKind kind, const KvView& kv, TokenRange block, int vectors, f16* out) {
  if (kind == SummaryKind::kMinMax) {
    StoreMinMax(kv, block, out);
    return;
  }
  for (int v = 0; v < vectors; ++v) {
    StoreMean(kv, SummaryRun(block, vectors, v), out + int64_t{v} * kv.head_dim);
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(SummarizeTarget);

void SummarizeSimd(SummaryKind kind, const KvView& kv, TokenRange block, int vectors, f16* out) {
  HWY_DYNAMIC_DISPATCH(SummarizeTarget)(kind, kv, block, vectors, out);
}

}  // namespace dynsplit
#endif
