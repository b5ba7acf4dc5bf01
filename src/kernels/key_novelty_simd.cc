#include "kernels/key_novelty_simd.h"

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/key_novelty_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/f16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

using Tag = hn::CappedTag<float, 16>;  // 16 divides head_dim
using Vec = hn::Vec<Tag>;

// The keys of a side of a cut, found once for all their columns: they may lie in two pages.
struct Side {
  const f16* keys[kMaxNoveltyWindow];
  int count;

  Side(const KvView& kv, TokenRange run) : count(static_cast<int>(run.end - run.start)) {
    for (int i = 0; i < count; ++i) keys[i] = kv.Key(run.start + i);
  }

  HWY_INLINE Vec Sum(int column) const {
    const Tag d;
    Vec sum = LoadF16(d, keys[0] + column);
    for (int i = 1; i < count; ++i) sum = hn::Add(sum, LoadF16(d, keys[i] + column));
    return sum;
  }
};

// Summed anew for each cut: a sum that slides along would save two thirds of the loads, but drifts.
float NoveltyOf(const KvView& kv, const CutSides& sides) {
  const Tag d;
  if (sides.after.start == sides.after.end) return 0;
  const Side before(kv, sides.before);
  const Side after(kv, sides.after);
  const float b = static_cast<float>(before.count);
  const float a = static_cast<float>(after.count);
  const Vec before_share = hn::Set(d, 1 / b);
  const Vec after_share = hn::Set(d, 1 / a);
  Vec squares = hn::Zero(d);
  for (int j = 0; j < kv.head_dim; j += static_cast<int>(hn::Lanes(d))) {
    const Vec step = hn::MulSub(after.Sum(j), after_share, hn::Mul(before.Sum(j), before_share));
    squares = hn::MulAdd(step, step, squares);
  }
  return a * b / (a + b) * hn::GetLane(hn::SumOfLanes(d, squares));
}

void KeyNoveltyTarget(const KeyNoveltyArgs& args, float* novelty) {
  for (int64_t token = args.cuts.start; token < args.cuts.end; ++token) {
    novelty[token - args.cuts.start] = NoveltyOf(args.kv, SidesOf(args, token));
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(KeyNoveltyTarget);

void KeyNoveltySimd(const KeyNoveltyArgs& args, float* novelty) {
  HWY_DYNAMIC_DISPATCH(KeyNoveltyTarget)(args, novelty);
}

}  // namespace dynsplit
#endif
