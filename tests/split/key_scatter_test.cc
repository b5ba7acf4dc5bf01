#include "split/key_scatter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "split/moments.h"

namespace dynsplit {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(KeyScatterTest, StandardisesTheMeanOverHeads) {
  // In their own units: 0.5, 1.5, 1 and 1.5, 1.5, 0; the mean of both: 1, 1.5, 0.5.
  const std::vector<float> novelty = {1, 3, 2, 30, 30, 0};
  const NoveltyScale scale = LearnNoveltyScale(novelty, 2);
  EXPECT_THAT(scale.unit, ElementsAre(2, 20));
  EXPECT_DOUBLE_EQ(scale.spread, 0.5);
  EXPECT_THAT(ScatterScores(scale, novelty), ElementsAre(0, 1, -1));
}

TEST(KeyScatterTest, WhatIsLearnedStaysWhateverComesLater) {
  const NoveltyScale scale = LearnNoveltyScale(std::vector<float>{1, 3}, 1);
  const std::vector<float> few = ScatterScores(scale, std::vector<float>{1, 3});
  const std::vector<float> more = ScatterScores(scale, std::vector<float>{1, 3, 500, 0});
  EXPECT_EQ(more[0], few[0]);
  EXPECT_EQ(more[1], few[1]);
  EXPECT_EQ(more[2], kMaxStandardScore);
}

TEST(KeyScatterTest, AHeadOfEqualKeysCountsNot) {
  const NoveltyScale scale = LearnNoveltyScale(std::vector<float>{0, 0, 1, 3}, 2);
  EXPECT_EQ(
      ScatterScores(scale, std::vector<float>{0, 0, 1, 3}),
      ScatterScores(LearnNoveltyScale(std::vector<float>{1, 3}, 1), std::vector<float>{1, 3}));
}

TEST(KeyScatterTest, NothingLearnedAndNothingFiniteGiveFiniteScores) {
  const NoveltyScale none = LearnNoveltyScale({}, 3);
  EXPECT_THAT(ScatterScores(none, {}), IsEmpty());
  for (const float score : ScatterScores(none, std::vector<float>{1, 2, 3})) {
    EXPECT_TRUE(std::isfinite(score));
  }
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> wild = {NAN, infinity, 1, 1};
  for (const float score : ScatterScores(LearnNoveltyScale(wild, 1), wild)) {
    EXPECT_TRUE(std::isfinite(score));
  }
  const std::vector<float> alike(8, 5.0f);
  EXPECT_THAT(ScatterScores(LearnNoveltyScale(alike, 1), alike), Each(0));
}

}  // namespace
}  // namespace dynsplit
