#include "split/moments.h"

#include <gtest/gtest.h>

namespace dynsplit {
namespace {

TEST(MomentsTest, MeanAndSpread) {
  Moments moments;
  EXPECT_EQ(moments.mean(), 0);
  EXPECT_EQ(moments.Spread(), 0);
  moments.Add(1e9 + 1);
  EXPECT_EQ(moments.Spread(), 0);
  EXPECT_EQ(moments.StandardError(), 0);
  moments.Add(1e9 + 3);
  moments.Add(1e9 + 5);
  EXPECT_EQ(moments.count(), 3);
  EXPECT_DOUBLE_EQ(moments.mean(), 1e9 + 3);
  EXPECT_DOUBLE_EQ(moments.Spread(), 2);
  EXPECT_DOUBLE_EQ(moments.StandardError(), 2 / std::sqrt(3.0));
}

TEST(MomentsTest, StandardScoresAreClipped) {
  EXPECT_EQ(StandardScore(5, 3, 2), 1);
  EXPECT_EQ(StandardScore(1, 3, 2), -1);
  EXPECT_EQ(StandardScore(1000, 3, 2), kMaxStandardScore);
  EXPECT_EQ(StandardScore(-1000, 3, 2), -kMaxStandardScore);
}

}  // namespace
}  // namespace dynsplit
