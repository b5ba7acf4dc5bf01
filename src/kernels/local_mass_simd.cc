#include "kernels/local_mass_simd.h"

#include <algorithm>

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/local_mass_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/exp-inl.h"
#include "kernels/rows-inl.h"
#include "kernels/score_cap-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

// The mass on each token of `run`, all in one page, summed over the heads, into mass[0..count),
// which holds kPageTokens values.
void MassOfRun(const LocalMassArgs& args, TokenRange run, float* mass) {
  const RowTag d;
  const size_t head_dim = static_cast<size_t>(args.kv.head_dim);
  const size_t count = static_cast<size_t>(run.end - run.start);
  HWY_ALIGN_MAX float dots[kMaxHeads * kPageTokens];
  HWY_ALIGN_MAX f16 room[kPageTokens * kMaxHeadDim];
  const f16* keys = F16Rows(args.kv.Part(KvPart::kKeys), run, room);
  std::fill_n(mass, kPageTokens, 0.0f);
  ForHeadChunks(static_cast<size_t>(args.group_heads), [&](size_t first, size_t heads) HWY_ATTR {
    DotRows({args.queries + first * head_dim, head_dim}, heads, {keys, count, head_dim},
            {dots, kPageTokens});
    for (size_t h = 0; h < heads; ++h) {
      float* row = dots + h * kPageTokens;
      const float still = CapIfAny(row, count, args.scale, args.score_cap);
      std::fill(row + count, row + kPageTokens, 0.0f);
      const RowVec lse = hn::Set(d, args.lse[first + h]);
      const RowVec scale = hn::Set(d, still);
      for (size_t i = 0; i < count; i += hn::Lanes(d)) {
        const RowVec share = FastExp(d, hn::MulSub(hn::Load(d, row + i), scale, lse));
        hn::Store(hn::Add(hn::Load(d, mass + i), share), d, mass + i);
      }
    }
  });
}

// Calls fn(token, its mass) for the tokens, page by page.
template <typename Fn>
HWY_INLINE void ForRuns(const LocalMassArgs& args, TokenRange tokens, const Fn& fn) {
  HWY_ALIGN_MAX float mass[kPageTokens];
  for (int64_t start = tokens.start; start < tokens.end;) {
    const int64_t page_end = (start / kPageTokens + 1) * kPageTokens;
    const int64_t end = std::min(tokens.end, page_end);
    MassOfRun(args, {start, end}, mass);
    for (int64_t token = start; token < end; ++token) fn(token, mass[token - start]);
    start = end;
  }
}

void LocalMassTarget(const LocalMassArgs& args, float* mass) {
  const int64_t end = args.position + 1;
  const int64_t sink = args.sink;
  ForRuns(args, {0, std::min(sink, end)},
          [&](int64_t, float value) DYNSPLIT_SIMD_LAMBDA { mass[0] += value; });
  ForRuns(args, {std::max(sink, end - args.window), end},
          [&](int64_t token, float value)
              DYNSPLIT_SIMD_LAMBDA { mass[1 + args.position - token] += value; });
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(LocalMassTarget);

void LocalMassSimd(const LocalMassArgs& args, float* mass) {
  HWY_DYNAMIC_DISPATCH(LocalMassTarget)(args, mass);
}

}  // namespace dynsplit
#endif
