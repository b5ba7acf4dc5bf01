#include "kernels/group_score_simd.h"

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/group_score_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/rows-inl.h"
#include "kernels/rows_int2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

// The queries of some heads, rounded for the scale of the groups: steps [heads, head_dim].
struct RoughQueries {
  Int2Query of_head[kMaxHeads];
  HWY_ALIGN_MAX int8_t steps[kMaxHeads * kMaxHeadDim];
};

void MakeRoughQueries(const GroupScoreArgs& args, const float* queries, size_t heads,
                      RoughQueries* rough) {
  const auto head_dim = static_cast<size_t>(args.head_dim);
  const Int2Lines lines = {args.lines, static_cast<size_t>(RoughLines(args.head_dim))};
  for (size_t h = 0; h < heads; ++h) {
    rough->of_head[h] = MakeInt2Query(queries + h * head_dim, args.codes.scale, head_dim, lines,
                                      args.scale, rough->steps + h * head_dim);
  }
}

// One sum of 16 bits takes the products of all lines that are read.
static_assert(kMaxRoughLines * kInt2LineChannels <= static_cast<int>(kInt2Span));

// Groups that are scored together, so that what is done across lanes is done once for them.
constexpr size_t kTogether = 4;

// Their numbers in the panels; the last one several times where there are fewer.
struct SomeGroups {
  size_t group[kTogether];
  size_t count;
};

HWY_INLINE SomeGroups GroupsFrom(const GroupScoreArgs& args, size_t idx) {
  SomeGroups some;
  some.count = HWY_MIN(kTogether, static_cast<size_t>(args.count) - idx);
  for (size_t i = 0; i < kTogether; ++i) {
    some.group[i] = static_cast<size_t>(args.codes.first) + idx + HWY_MIN(i, some.count - 1);
  }
  return some;
}

// scores[h][i]: the score of the best vector of group i, as a query of head h has it.
#if HWY_TARGET == HWY_SCALAR  // has no lanes of other widths
template <size_t kHeads>
HWY_INLINE void BestOfGroups(const GroupScoreArgs& args, const RoughQueries& rough,
                             const SomeGroups& some, float (&scores)[kHeads][kTogether]) {
  for (size_t h = 0; h < kHeads; ++h) {
    const int8_t* steps = rough.steps + h * static_cast<size_t>(args.head_dim);
    for (size_t i = 0; i < kTogether; ++i) {
      int best = INT32_MIN;
      for (size_t v = some.group[i] * kInt2Group; v < (some.group[i] + 1) * kInt2Group; ++v) {
        int sum = 0;
        for (int l = 0; l < RoughLines(args.head_dim); ++l) {
          for (int c = 0; c < kInt2LineChannels; ++c) {
            const int j = args.lines[l] * kInt2LineChannels + c;
            const Int2Place place = PlaceOfInt2(args.head_dim, static_cast<int64_t>(v), j);
            sum += steps[j] * Int2Code(args.codes.panels, place);
          }
        }
        best = HWY_MAX(best, sum);
      }
      scores[h][i] = static_cast<float>(best) * rough.of_head[h].scale + rough.of_head[h].constant;
    }
  }
}
#else
using SumTag = hn::Repartition<int32_t, Int2Tag>;
using SumVec = hn::Vec<SumTag>;
using FourTag = hn::FixedTag<int32_t, kTogether>;

template <class D>
HWY_INLINE hn::Vec<FourTag> MaxOfBlocks(D d, hn::Vec<D> v) {
  if constexpr (hn::MaxLanes(d) == kTogether) {
    return v;
  } else {
    const hn::Half<D> dh;
    return MaxOfBlocks(dh, hn::Max(hn::LowerHalf(dh, v), hn::UpperHalf(dh, v)));
  }
}

// The greatest lane of each.
HWY_INLINE hn::Vec<FourTag> MaxOfEach(SumVec a, SumVec b, SumVec c, SumVec e) {
  const SumTag d;
  const hn::Repartition<int64_t, SumTag> d64;
  const auto ab = hn::Max(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b));
  const auto ce = hn::Max(hn::InterleaveLower(d, c, e), hn::InterleaveUpper(d, c, e));
  const auto low = hn::InterleaveLower(d64, hn::BitCast(d64, ab), hn::BitCast(d64, ce));
  const auto high = hn::InterleaveUpper(d64, hn::BitCast(d64, ab), hn::BitCast(d64, ce));
  return MaxOfBlocks(d, hn::Max(hn::BitCast(d, low), hn::BitCast(d, high)));
}

template <size_t kHeads>
HWY_INLINE void BestOfGroups(const GroupScoreArgs& args, const RoughQueries& rough,
                             const SomeGroups& some, float (&scores)[kHeads][kTogether]) {
  constexpr size_t kRegisters = kInt2Group / kInt2Lanes;  // of a group
  // Groups that share the loads of steps, as far as there are registers for their sums.
  constexpr size_t kShare = kRegisters == 1 && kHeads <= 3 ? kTogether : 1;
  const hn::Repartition<int16_t, Int2Tag> d16;
  const auto head_dim = static_cast<size_t>(args.head_dim);
  SumVec best[kHeads][kTogether];
  Unroll<kTogether / kShare>([&](auto part) DYNSPLIT_SIMD_LAMBDA {
    const uint8_t* codes[kShare * kRegisters];
    for (size_t r = 0; r < kShare * kRegisters; ++r) {
      const size_t group = some.group[part * kShare + r / kRegisters];
      codes[r] = CodesOfRegister(args.codes.panels, head_dim,
                                 group * kInt2Group + r % kRegisters * kInt2Lanes);
    }
    hn::Vec<decltype(d16)> sums[kHeads][kShare * kRegisters];
    for (auto& of_head : sums) {
      for (auto& sum : of_head) sum = hn::Zero(d16);
    }
    for (int l = 0; l < RoughLines(args.head_dim); ++l) {
      AddInt2Channels({rough.steps, head_dim},
                      static_cast<size_t>(args.lines[l] * kInt2LineChannels), codes, sums);
    }
    Unroll<kHeads>([&](auto h) DYNSPLIT_SIMD_LAMBDA {
      Unroll<kShare>([&](auto i) DYNSPLIT_SIMD_LAMBDA {
        auto most = SumOfPairs(sums[h][i * kRegisters]);
        for (size_t r = 1; r < kRegisters; ++r) {
          most = hn::Max(most, SumOfPairs(sums[h][i * kRegisters + r]));
        }
        best[h][part * kShare + i] = most;
      });
    });
  });
  const hn::RebindToFloat<FourTag> d;
  Unroll<kHeads>([&](auto h) DYNSPLIT_SIMD_LAMBDA {
    const auto sum = MaxOfEach(best[h][0], best[h][1], best[h][2], best[h][3]);
    const auto scale = hn::Set(d, rough.of_head[h].scale);
    hn::StoreU(hn::MulAdd(hn::ConvertTo(d, sum), scale, hn::Set(d, rough.of_head[h].constant)), d,
               scores[h]);
  });
}
#endif

HWY_INLINE void FetchLines(const GroupScoreArgs& args, size_t group) {
  const uint8_t* line = args.next.panels + Int2FirstLine(args.head_dim, group);
  for (int l = 0; l < RoughLines(args.head_dim); ++l) {
    hwy::Prefetch(line + static_cast<size_t>(args.lines[l]) * kInt2LineStride);
  }
}

template <size_t kHeads>
HWY_INLINE void ScoreGroupsOf(const GroupScoreArgs& args, const RoughQueries& rough,
                              HeadArray<float> scores) {
  for (size_t idx = 0; idx < static_cast<size_t>(args.count); idx += kTogether) {
    const SomeGroups some = GroupsFrom(args, idx);
    for (size_t i = 0; args.next.panels != nullptr && i < some.count; ++i) {
      FetchLines(args, static_cast<size_t>(args.next.first) + idx + i);
    }
    float best[kHeads][kTogether];
    BestOfGroups<kHeads>(args, rough, some, best);
    for (size_t h = 0; h < kHeads; ++h) {
      for (size_t i = 0; i < some.count; ++i) scores.Head(h)[idx + i] = best[h][i];
    }
  }
}

void GroupScoreTarget(const GroupScoreArgs& args, float* scores, int64_t score_stride) {
  const auto stride = static_cast<size_t>(score_stride);
  if (args.next.panels != nullptr) {
    FetchValues(args.next.scale, Int2ScaleElements(args.head_dim));
  }
  ForHeadChunks(static_cast<size_t>(args.group_heads), [&](size_t first, size_t heads) HWY_ATTR {
    RoughQueries rough;
    MakeRoughQueries(args, args.queries + first * static_cast<size_t>(args.head_dim), heads,
                     &rough);
    WithConstantHeads(heads, [&](auto constant_heads) DYNSPLIT_SIMD_LAMBDA {
      ScoreGroupsOf<constant_heads>(args, rough, {scores + first * stride, stride});
    });
  });
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(GroupScoreTarget);

void GroupScoreSimd(const GroupScoreArgs& args, float* scores, int64_t score_stride) {
  HWY_DYNAMIC_DISPATCH(GroupScoreTarget)(args, scores, score_stride);
}

}  // namespace dynsplit
#endif
