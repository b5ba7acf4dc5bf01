#include "dynsplit/logprobs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace dynsplit {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(Logprobs, AreLogarithmsOfShares) {
  const std::vector<float> logits = {std::log(1.0f), std::log(2.0f), std::log(5.0f)};
  EXPECT_NEAR(LogprobOf(logits, 0), std::log(0.125), 1e-6);
  EXPECT_NEAR(LogprobOf(logits, 1), std::log(0.25), 1e-6);
  EXPECT_NEAR(LogprobOf(logits, 2), std::log(0.625), 1e-6);
}

TEST(Logprobs, LargeLogitsDoNotOverflow) {
  const std::vector<float> logits = {3e38f, 3e38f};
  EXPECT_NEAR(LogprobOf(logits, 0), std::log(0.5), 1e-6);
}

TEST(Logprobs, WhatIsNotFiniteIsImpossible) {
  const std::vector<float> logits = {kNan, 0.0f, -kInf, 0.0f, kInf};
  EXPECT_NEAR(LogprobOf(logits, 1), std::log(0.5), 1e-12);
  for (const int32_t token : {0, 2, 4, -1, 5}) {
    EXPECT_EQ(LogprobOf(logits, token), -std::numeric_limits<double>::infinity()) << token;
  }
  EXPECT_EQ(TopLogprobs(logits, 5).size(), 2u);
}

TEST(TopLogprobs, LikeliestFirstAndTheLowerIdAtATie) {
  const std::vector<float> logits = {1, 3, 2, 3};
  const std::vector<TokenLogprob> top = TopLogprobs(logits, 3);
  ASSERT_EQ(top.size(), 3u);
  EXPECT_EQ(top[0].token, 1);
  EXPECT_EQ(top[1].token, 3);
  EXPECT_EQ(top[2].token, 2);
  for (const TokenLogprob& each : top) EXPECT_EQ(each.logprob, LogprobOf(logits, each.token));
  EXPECT_TRUE(TopLogprobs(logits, 0).empty());
  EXPECT_EQ(TopLogprobs(logits, 9).size(), 4u);
  EXPECT_TRUE(TopLogprobs({}, 3).empty());
}

}  // namespace
}  // namespace dynsplit
