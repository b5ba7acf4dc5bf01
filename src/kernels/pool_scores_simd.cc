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

// Turns scores into exp(score - their maximum); returns their sum.
float Exponentials(float* scores, int64_t count) {
  const Tag d;
  const float max = Largest(scores, count);
  Vec sums = hn::Zero(d);
  float sum = 0;
  ForVectors(d, count, [&](auto tag, int64_t i) DYNSPLIT_SIMD_LAMBDA {
    const auto power = FastExp(tag, hn::Sub(hn::LoadU(tag, scores + i), hn::Set(tag, max)));
    hn::StoreU(power, tag, scores + i);
    if constexpr (IsWhole(tag)) {
      sums = hn::Add(sums, power);
    } else {
      sum += scores[i];
    }
  });
  return sum + hn::GetLane(hn::SumOfLanes(d, sums));
}

// Turns the exponentials of each block's rows into its weighted mass, in place; returns the sum. A
// block's mass never comes to lie behind its own rows.
float MassOfBlocks(const PoolScoresArgs& args, float* powers) {
  float sum = 0;
  const float* of_row = powers;
  for (int64_t b = 0; b < args.num_blocks; ++b) {
    float mass = 0;
    for (int i = 0; i < args.rows; ++i) mass += *of_row++;
    if (args.blocks != nullptr) mass *= static_cast<float>(args.blocks[b].length);
    powers[b] = mass;
    sum += mass;
  }
  return sum;
}

// Turns one head's scores into masses, [num_blocks]; returns their sum.
float Masses(const PoolScoresArgs& args, float* scores) {
  const float sum = Exponentials(scores, args.num_blocks * args.rows);
  if (args.rows == 1 && args.blocks == nullptr) return sum;
  return MassOfBlocks(args, scores);
}

// The first head's scores become the mean of all heads'.
void AverageHeads(const PoolScoresArgs& args) {
  const float share = 1 / static_cast<float>(args.group_heads);
  ForVectors(Tag(), args.num_blocks * args.rows, [&](auto tag, int64_t i) DYNSPLIT_SIMD_LAMBDA {
    auto sum = hn::LoadU(tag, args.scores + i);
    for (int head = 1; head < args.group_heads; ++head) {
      sum = hn::Add(sum, hn::LoadU(tag, args.scores + head * args.score_stride + i));
    }
    hn::StoreU(hn::Mul(sum, hn::Set(tag, share)), tag, args.scores + i);
  });
}

void PoolScoresTarget(const PoolScoresArgs& args, float* pooled) {
  const bool average = args.pooling == Pooling::kMeanScore;
  const bool largest = args.pooling == Pooling::kMaxSoftmax;
  if (average) AverageHeads(args);
  const int heads = average ? 1 : args.group_heads;
  for (int head = 0; head < heads; ++head) {
    float* mass = args.scores + head * args.score_stride;
    const float divisor = largest ? 1.0f : static_cast<float>(heads);
    const float factor = 1 / (Masses(args, mass) * divisor);
    ForVectors(Tag(), args.num_blocks, [&](auto tag, int64_t i) DYNSPLIT_SIMD_LAMBDA {
      const auto so_far = head == 0 ? hn::Zero(tag) : hn::LoadU(tag, pooled + i);
      const auto share = hn::Mul(hn::LoadU(tag, mass + i), hn::Set(tag, factor));
      hn::StoreU(largest ? hn::Max(so_far, share) : hn::Add(so_far, share), tag, pooled + i);
    });
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(PoolScoresTarget);

void PoolScoresSimd(const PoolScoresArgs& args, float* pooled) {
  HWY_DYNAMIC_DISPATCH(PoolScoresTarget)(args, pooled);
}

}  // namespace dynsplit
#endif
