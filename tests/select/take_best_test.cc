#include "select/take_best.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "select/select_fixture.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<int32_t> Best(const SelectInput& input, const std::vector<float>& shares,
                          Rank rank = Rank::kShare) {
  SelectScratch scratch;
  scratch.shares.Resize(shares.size());
  std::copy(shares.begin(), shares.end(), scratch.shares.data());
  std::vector<int32_t> chosen;
  TakeBest(input, rank, &scratch, &chosen);
  return chosen;
}

std::vector<int32_t> Best(const std::vector<int>& lengths, const std::vector<float>& shares,
                          int64_t budget, Rank rank = Rank::kShare) {
  const std::vector<Block> blocks = BlocksOf(lengths);
  return Best(InputOf(blocks, budget), shares, rank);
}

TEST(TakeBestTest, BestFirstUntilTheBudgetIsFull) {
  EXPECT_THAT(Best({4, 4, 4, 4}, {0.1f, 0.4f, 0.2f, 0.3f}, 8), ElementsAre(1, 3));
  EXPECT_THAT(Best({4, 4, 4, 4}, {0.1f, 0.4f, 0.2f, 0.3f}, 7), ElementsAre(1));
  EXPECT_THAT(Best({4, 4}, {1, 2}, 3), IsEmpty());
  EXPECT_THAT(Best({4, 4}, {1, 2}, 0), IsEmpty());
}

TEST(TakeBestTest, TiesGoToTheLowerIndex) {
  EXPECT_THAT(Best({4, 4, 4, 4}, {0.5f, 0.5f, 0.5f, 0.5f}, 8), ElementsAre(0, 1));
}

TEST(TakeBestTest, PassesOverWhatDoesNotFit) {
  EXPECT_THAT(Best({6, 10, 3, 4}, {4, 3, 2, 1}, 10), ElementsAre(0, 2));
  EXPECT_THAT(Best({6, 10, 4, 3}, {4, 3, 2, 1}, 10), ElementsAre(0, 2));
}

TEST(TakeBestTest, PassesOverAFewOnly) {
  // The best block fits, the next ones are too long, and the last fits again.
  for (const int too_long : {kMaxPassedOver, kMaxPassedOver + 1}) {
    std::vector<int> lengths(static_cast<size_t>(too_long) + 2, 9);
    lengths.front() = lengths.back() = 4;
    std::vector<float> scores;
    for (size_t i = 0; i < lengths.size(); ++i) scores.push_back(100 - static_cast<float>(i));
    const std::vector<int32_t> chosen = Best(lengths, scores, 10);
    EXPECT_EQ(chosen.size(), too_long == kMaxPassedOver ? 2u : 1u) << too_long;
  }
}

TEST(TakeBestTest, PerTokenRanksByDensity) {
  EXPECT_THAT(Best({10, 2, 4}, {5, 2, 1}, 12), ElementsAre(0, 1));
  EXPECT_THAT(Best({10, 2, 4}, {5, 2, 1}, 12, Rank::kPerToken), ElementsAre(1, 0));
  EXPECT_THAT(Best({10, 2, 4}, {5, 2, 3}, 6, Rank::kPerToken), ElementsAre(1, 2));
}

TEST(TakeBestTest, StopsWhereTheMassIsEnough) {
  const std::vector<Block> blocks = BlocksOf({4, 4, 4, 4});
  const std::vector<float> shares = {1, 8, 4, 3};  // of 16
  SelectInput input = InputOf(blocks, 100);
  input.budget_mass = 0.5;
  EXPECT_THAT(Best(input, shares), ElementsAre(1));
  input.budget_mass = 0.51;
  EXPECT_THAT(Best(input, shares), ElementsAre(1, 2));
  input.budget_mass = 1;
  EXPECT_THAT(Best(input, shares), ElementsAre(1, 2, 3, 0));
  input.budget_tokens = 4;  // the tokens still count
  EXPECT_THAT(Best(input, shares), ElementsAre(1));
  EXPECT_THAT(Best(input, std::vector<float>(4, std::nanf(""))), ElementsAre(0));
}

TEST(TakeBestTest, NanIsTheLowestScore) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(Best({4, 4, 4}, {nan, 0.5f, 0.25f}, 8), ElementsAre(1, 2));
  EXPECT_THAT(Best({4, 4, 4}, {nan, nan, nan}, 8), ElementsAre(0, 1));
  EXPECT_THAT(Best({4, 4, 4}, {-nan, std::numeric_limits<float>::infinity(), 1}, 8),
              ElementsAre(1, 2));
}

TEST(TakeBestTest, CandidatesMayBeAPart) {
  const std::vector<Block> blocks = BlocksOf({4, 4, 4, 4, 4});
  SelectInput input = InputOf(blocks, 4);
  input.first_block = 2;
  input.end_block = 4;
  EXPECT_THAT(Best(input, {1, 2}), ElementsAre(3));
  input.budget_tokens = 8;
  EXPECT_TRUE(AllFit(input));
  input.budget_mass = 0.9;
  EXPECT_FALSE(AllFit(input));
  input.budget_mass = 0;
  input.budget_tokens = 7;
  EXPECT_FALSE(AllFit(input));
  std::vector<int32_t> chosen;
  TakeAll(input, &chosen);
  EXPECT_THAT(chosen, ElementsAre(2, 3));
}

// What the contract says, with a full sort.
std::vector<int32_t> Expected(const std::vector<int>& lengths, const std::vector<float>& scores,
                              int64_t budget, double mass) {
  double enough = mass * std::accumulate(scores.begin(), scores.end(), 0.0);
  std::vector<int32_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return scores[a] > scores[b]; });
  std::vector<int32_t> taken;
  int passed_over = 0;
  for (const int32_t b : order) {
    if (budget == 0 || (mass > 0 && enough <= 0)) break;
    if (lengths[b] <= budget) {
      taken.push_back(b);
      budget -= lengths[b];
      enough -= scores[b];
    } else if (++passed_over > kMaxPassedOver) {
      break;
    }
  }
  return taken;
}

RC_GTEST_PROP(TakeBestProperty, EqualsAFullSortAndKeepsTheBudget, ()) {
  const auto lengths =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 40)));
  const auto levels = *rc::gen::container<std::vector<int>>(
      lengths.size(), rc::gen::inRange(0, *rc::gen::element(3, 1000)));
  const std::vector<float> scores(levels.begin(), levels.end());
  const int64_t budget = *rc::gen::inRange(0, 600);
  const std::vector<Block> blocks = BlocksOf(lengths);
  SelectInput input = InputOf(blocks, budget);
  input.budget_mass = *rc::gen::element(0.0, 0.5, 1.0);
  RC_PRE(budget == 0 || *std::max_element(scores.begin(), scores.end()) > 0);
  const std::vector<int32_t> chosen = Best(input, scores);
  RC_ASSERT(chosen == Expected(lengths, scores, budget, input.budget_mass));
  RC_ASSERT(TokensOf(blocks, chosen) <= budget);
}

}  // namespace
}  // namespace dynsplit
