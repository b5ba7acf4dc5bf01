#include "kernels/pool_scores_simd.h"

#include <algorithm>
#include <limits>

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool_scores_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/exp-inl.h"
#include "kernels/for_vectors-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

using Tag = hn::CappedTag<float, 16>;
using Vec = hn::Vec<Tag>;

// Whether a step of ForVectors() is a whole vector.
template <class D>
constexpr bool IsWhole(D d) {
  return hn::MaxLanes(d) == hn::MaxLanes(Tag());
}

float Largest(const float* scores, int64_t count) {
  const Tag d;
  Vec maxima = hn::Set(d, scores[0]);
  float max = scores[0];
  ForVectors(d, count, [&](auto tag, int64_t i) DYNSPLIT_SIMD_LAMBDA {
    if constexpr (IsWhole(tag)) {
      maxima = hn::Max(maxima, hn::LoadU(tag, scores + i));
    } else {
      max = std::max(max, scores[i]);
    }
  });
  return std::max(max, hn::GetLane(hn::MaxOfLanes(d, maxima)));
}

// The sums of exp(score - max) over the rows of as many blocks as `d` has lanes. Most blocks have
// up to four rows.
HWY_INLINE Vec PowersOfRows(Tag d, const float* scores, int rows, float max) {
  const auto power = [&](Vec score) DYNSPLIT_SIMD_LAMBDA {
    return FastExp(d, hn::Sub(score, hn::Set(d, max)));
  };
  if (rows == 1) return power(hn::LoadU(d, scores));
  if constexpr (hn::MaxLanes(d) > 1) {
    Vec v0, v1, v2, v3;
    if (rows == 4) {
      hn::LoadInterleaved4(d, scores, v0, v1, v2, v3);
      return hn::Add(hn::Add(power(v0), power(v1)), hn::Add(power(v2), power(v3)));
    }
    if (rows == 3) {
      hn::LoadInterleaved3(d, scores, v0, v1, v2);
      return hn::Add(hn::Add(power(v0), power(v1)), power(v2));
    }
    if (rows == 2) {
      hn::LoadInterleaved2(d, scores, v0, v1);
      return hn::Add(power(v0), power(v1));
    }
  }
  auto sum = hn::Zero(d);
  HWY_ALIGN_MAX float of_blocks[hn::MaxLanes(Tag())];
  for (int i = 0; i < rows; ++i) {
    for (size_t lane = 0; lane < hn::Lanes(d); ++lane) {
      of_blocks[lane] = scores[lane * static_cast<size_t>(rows) + static_cast<size_t>(i)];
    }
    sum = hn::Add(sum, power(hn::Load(d, of_blocks)));
  }
  return sum;
}

HWY_INLINE Vec Lengths(const Block* blocks) {
  const Tag d;
  const hn::RebindToSigned<Tag> di;
  const auto offsets = hn::Mul(hn::Iota(di, 0), hn::Set(di, int32_t{sizeof(Block)}));
  return hn::ConvertTo(d, hn::GatherOffset(di, &blocks->length, offsets));
}

// The masses of the last blocks, fewer than a vector has lanes; `masses` is a vector's.
HWY_INLINE void LastMasses(const PoolScoresArgs& args, const float* scores, int64_t first,
                           float max, float* masses) {
  const Tag d;
  const auto count = static_cast<size_t>(args.num_blocks - first);
  const auto rows = static_cast<size_t>(args.rows);
  HWY_ALIGN_MAX float padded[hn::MaxLanes(Tag()) * kMaxScoreRows];
  constexpr float kNothing = -std::numeric_limits<float>::infinity();  // as an exponential
  std::fill_n(padded, hn::Lanes(d) * rows, kNothing);
  std::copy_n(scores + first * args.rows, count * rows, padded);
  hn::Store(PowersOfRows(d, padded, args.rows, max), d, masses);
  for (size_t i = 0; args.blocks != nullptr && i < count; ++i) {
    masses[i] *= static_cast<float>(args.blocks[first + static_cast<int64_t>(i)].length);
  }
}

// Turns one head's scores into masses, [num_blocks]; returns their sum. The two may be the same:
// all rows of a step are read before its masses are written, which never lie behind their own rows.
float Masses(const PoolScoresArgs& args, const float* scores, float* masses) {
  const Tag d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const float max = Largest(scores, args.num_blocks * args.rows);
  Vec sums = hn::Zero(d);
  int64_t b = 0;
  for (; b + lanes <= args.num_blocks; b += lanes) {
    Vec mass = PowersOfRows(d, scores + b * args.rows, args.rows, max);
    if (args.blocks != nullptr) mass = hn::Mul(mass, Lengths(args.blocks + b));
    hn::StoreU(mass, d, masses + b);
    sums = hn::Add(sums, mass);
  }
  if (b < args.num_blocks) {
    HWY_ALIGN_MAX float last[hn::MaxLanes(Tag())];
    LastMasses(args, scores, b, max, last);
    std::copy_n(last, args.num_blocks - b, masses + b);
    sums = hn::Add(sums, hn::Load(d, last));
  }
  return hn::GetLane(hn::SumOfLanes(d, sums));
}

void AverageHeads(const PoolScoresArgs& args, float* average) {
  const float share = 1 / static_cast<float>(args.group_heads);
  ForVectors(Tag(), args.num_blocks * args.rows, [&](auto tag, int64_t i) DYNSPLIT_SIMD_LAMBDA {
    auto sum = hn::LoadU(tag, args.scores + i);
    for (int head = 1; head < args.group_heads; ++head) {
      sum = hn::Add(sum, hn::LoadU(tag, args.scores + head * args.score_stride + i));
    }
    hn::StoreU(hn::Mul(sum, hn::Set(tag, share)), tag, average + i);
  });
}

void PoolScoresTarget(const PoolScoresArgs& args, float* room, float* pooled) {
  const bool average = args.pooling == Pooling::kMeanScore;
  const bool largest = args.pooling == Pooling::kMaxSoftmax;
  if (average) AverageHeads(args, room);
  const int heads = average ? 1 : args.group_heads;
  for (int head = 0; head < heads; ++head) {
    const float* scores = average ? room : args.scores + head * args.score_stride;
    const float divisor = largest ? 1.0f : static_cast<float>(heads);
    const float factor = 1 / (Masses(args, scores, room) * divisor);
    ForVectors(Tag(), args.num_blocks, [&](auto tag, int64_t i) DYNSPLIT_SIMD_LAMBDA {
      const auto so_far = head == 0 ? hn::Zero(tag) : hn::LoadU(tag, pooled + i);
      const auto share = hn::Mul(hn::LoadU(tag, room + i), hn::Set(tag, factor));
      hn::StoreU(largest ? hn::Max(so_far, share) : hn::Add(so_far, share), tag, pooled + i);
    });
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(PoolScoresTarget);

void PoolScoresSimd(const PoolScoresArgs& args, float* room, float* pooled) {
  HWY_DYNAMIC_DISPATCH(PoolScoresTarget)(args, room, pooled);
}

}  // namespace dynsplit
#endif
