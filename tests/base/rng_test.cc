#include "base/rng.h"

#include <gtest/gtest.h>

namespace dynsplit {
namespace {

// The published first values of SplitMix64 for the seed 1234567.
TEST(Rng, SequenceIsSplitMix64) {
  Rng rng(1234567);
  EXPECT_EQ(rng.Next(), 6457827717110365317u);
  EXPECT_EQ(rng.Next(), 3203168211198807973u);
  EXPECT_EQ(rng.Next(), 9817491932198370423u);
}

TEST(Rng, UniformFillsTheUnitInterval) {
  Rng rng(1);
  double sum = 0.0;
  for (int i = 0; i < 10'000; ++i) {
    const double value = rng.Uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

TEST(Rng, BelowReachesEveryValue) {
  Rng rng(2);
  int counts[5] = {};
  for (int i = 0; i < 1000; ++i) ++counts[rng.Below(5)];
  for (const int count : counts) EXPECT_GT(count, 100);
}

}  // namespace
}  // namespace dynsplit
