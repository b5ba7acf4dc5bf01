#include "kernels/pool_scores_simd.h"

#include <algorithm>

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

// powers[i] = exp(scores[i] - their maximum); returns their sum. The two may be the same.
float Exponentials(const float* scores, int64_t count, float* powers) {
  const Tag d;
  const float max = Largest(scores, count);
  Vec sums = hn::Zero(d);
  float sum = 0;
  ForVectors(d, count, [&](auto tag, int64_t i) DYNSPLIT_SIMD_LAMBDA {
    const auto power = FastExp(tag, hn::Sub(hn::LoadU(tag, scores + i), hn::Set(tag, max)));
    hn::StoreU(power, tag, powers + i);
    if constexpr (IsWhole(tag)) {
      sums = hn::Add(sums, power);
    } else {
      sum += powers[i];
    }
  });
  return sum + hn::GetLane(hn::SumOfLanes(d, sums));
}

// The sums of the rows of as many blocks as `d` has lanes. Most blocks have up to four rows.
template <class D>
HWY_INLINE hn::Vec<D> SumOfRows(D d, const float* of_rows, int rows) {
  if (rows == 1) return hn::LoadU(d, of_rows);
  if constexpr (hn::MaxLanes(d) > 1) {
    hn::Vec<D> a, b, c, e;
    if (rows == 4) {
      hn::LoadInterleaved4(d, of_rows, a, b, c, e);
      return hn::Add(hn::Add(a, b), hn::Add(c, e));
    }
    if (rows == 3) {
      hn::LoadInterleaved3(d, of_rows, a, b, c);
      return hn::Add(hn::Add(a, b), c);
    }
    if (rows == 2) {
      hn::LoadInterleaved2(d, of_rows, a, b);
      return hn::Add(a, b);
    }
  }
  HWY_ALIGN_MAX float sums[hn::MaxLanes(d)];
  for (size_t lane = 0; lane < hn::Lanes(d); ++lane) {
    sums[lane] = 0;
    for (int i = 0; i < rows; ++i) sums[lane] += *of_rows++;
  }
  return hn::Load(d, sums);
}

template <class D>
HWY_INLINE hn::Vec<D> Lengths(D d, const Block* blocks) {
  const hn::RebindToSigned<D> di;
  HWY_ALIGN_MAX int32_t lengths[hn::MaxLanes(d)];
  for (size_t lane = 0; lane < hn::Lanes(d); ++lane) lengths[lane] = blocks[lane].length;
  return hn::ConvertTo(d, hn::Load(di, lengths));
}

// Turns the exponentials of each block's rows into its weighted mass, in place; returns the sum. A
// block's mass never comes to lie behind its own rows.
float MassOfBlocks(const PoolScoresArgs& args, float* powers) {
  Vec sums = hn::Zero(Tag());
  float sum = 0;
  ForVectors(Tag(), args.num_blocks, [&](auto d, int64_t b) DYNSPLIT_SIMD_LAMBDA {
    auto mass = SumOfRows(d, powers + b * args.rows, args.rows);
    if (args.blocks != nullptr) mass = hn::Mul(mass, Lengths(d, args.blocks + b));
    hn::StoreU(mass, d, powers + b);
    if constexpr (IsWhole(d)) {
      sums = hn::Add(sums, mass);
    } else {
      sum += powers[b];
    }
  });
  return sum + hn::GetLane(hn::SumOfLanes(Tag(), sums));
}

// Turns one head's scores into masses, [num_blocks]; returns their sum.
float Masses(const PoolScoresArgs& args, const float* scores, float* masses) {
  const float sum = Exponentials(scores, args.num_blocks * args.rows, masses);
  if (args.rows == 1 && args.blocks == nullptr) return sum;
  return MassOfBlocks(args, masses);
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
