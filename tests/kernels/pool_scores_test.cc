#include "kernels/pool_scores.h"

#include <numeric>

#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

constexpr Pooling kPoolings[] = {Pooling::kMeanSoftmax, Pooling::kMaxSoftmax, Pooling::kMeanScore};

class PoolScoresTest : public IsaTest {};

// Two heads with the shares (1/4, 3/4) and (1/2, 1/2) of two blocks, at a stride of three.
std::vector<float> TwoHeads() {
  const float l3 = std::log(3.0f);
  return {0, l3, 7, 100, 100, 7};
}

std::vector<float> Pool(Pooling pooling, const std::vector<float>& scores) {
  std::vector<float> room(2), pooled(2);
  PoolScores({pooling, scores.data(), 3, 2, 2}, room.data(), pooled.data());
  return pooled;
}

TEST_P(PoolScoresTest, MeanOfTheHeadsSoftmax) {
  const auto pooled = Pool(Pooling::kMeanSoftmax, TwoHeads());
  EXPECT_FLOAT_EQ(pooled[0], (0.25f + 0.5f) / 2);
  EXPECT_FLOAT_EQ(pooled[1], (0.75f + 0.5f) / 2);
}

TEST_P(PoolScoresTest, LargestOfTheHeadsSoftmax) {
  const auto pooled = Pool(Pooling::kMaxSoftmax, TwoHeads());
  EXPECT_FLOAT_EQ(pooled[0], 0.5f);
  EXPECT_FLOAT_EQ(pooled[1], 0.75f);
}

TEST_P(PoolScoresTest, SoftmaxOfTheMeanScore) {
  const auto pooled = Pool(Pooling::kMeanScore, TwoHeads());  // of 50 and 50 + log(3) / 2
  EXPECT_NEAR(pooled[0], 1 / (1 + std::sqrt(3.0)), 1e-5);
  EXPECT_NEAR(pooled[1], std::sqrt(3.0) / (1 + std::sqrt(3.0)), 1e-5);
}

TEST_P(PoolScoresTest, MassIsLengthTimesTheMeanOfTheRows) {
  const float l3 = std::log(3.0f), l5 = std::log(5.0f);
  std::vector<float> scores = {0, l3, l5, 0};  // means of exp: 2 and 3
  const Block blocks[] = {{0, 6}, {6, 4}};     // masses: 12 and 12
  std::vector<float> room(4), pooled(2);
  PoolScores({.scores = scores.data(), .num_blocks = 2, .rows = 2, .blocks = blocks}, room.data(),
             pooled.data());
  EXPECT_FLOAT_EQ(pooled[0], 0.5f);
  EXPECT_FLOAT_EQ(pooled[1], 0.5f);
}

TEST_P(PoolScoresTest, AnyNumberOfBlocksEqualsTheReference) {
  Rng rng(5);
  for (const Pooling pooling : kPoolings) {
    for (const int rows : {1, 2, 3, 4, 5, kMaxScoreRows}) {
      for (int64_t num_blocks = 0; num_blocks <= 35; ++num_blocks) {
        std::vector<Block> blocks;
        for (int64_t b = 0; b < num_blocks; ++b) {
          blocks.push_back({0, 1 + static_cast<int32_t>(rng.Below(20))});
        }
        const int64_t stride = num_blocks * rows + 1;
        const auto scores = RandomFloats(rng, static_cast<size_t>(3 * stride), 30);
        const int64_t needed = pooling == Pooling::kMeanScore ? num_blocks * rows : num_blocks;
        std::vector<float> room(static_cast<size_t>(needed) + 1, 9.0f);
        std::vector<float> got(static_cast<size_t>(num_blocks) + 1, 9.0f), want = got;
        const bool weighed = rows > 1 || num_blocks % 2 == 1;
        const Block* weights = weighed ? blocks.data() : nullptr;
        const PoolScoresArgs args = {pooling, scores.data(), stride, 3, num_blocks, rows, weights};
        PoolScores(args, room.data(), got.data());
        PoolScoresRef(args, want.data());
        ExpectNear(got, want, 2e-5);
        EXPECT_EQ(room.back(), 9);  // nothing is written past what was asked for
        const double sum = std::accumulate(got.begin(), got.end(), -9.0);
        if (pooling == Pooling::kMaxSoftmax) {
          EXPECT_LE(sum, 3.001);
        } else {
          EXPECT_NEAR(sum, num_blocks > 0 ? 1 : 0, 1e-5);
        }
      }
    }
  }
}

TEST_P(PoolScoresTest, HugeAndBrokenScoresAreSafe) {
  for (const int64_t num_blocks : {15, 17}) {
    const auto count = static_cast<size_t>(num_blocks);
    std::vector<float> scores(4 * count, 3e10f), room(count), pooled(count + 1, 9.0f);
    const PoolScoresArgs args = {.scores = scores.data(), .num_blocks = num_blocks, .rows = 4};
    PoolScores(args, room.data(), pooled.data());
    for (size_t b = 0; b < count; ++b) EXPECT_FLOAT_EQ(pooled[b], 1.0f / static_cast<float>(count));
    for (const float broken : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
      scores.assign(4 * count, broken);
      PoolScores(args, room.data(), pooled.data());  // whatever it gives
      EXPECT_EQ(pooled.back(), 9);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, PoolScoresTest, ::testing::ValuesIn(AvailableIsas()), IsaCaseName);

}  // namespace
}  // namespace dynsplit
