#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "select/policies.h"
#include "select/select_fixture.h"

namespace dynsplit {
namespace {

std::vector<int32_t> Chosen(const SelectInput& input) {
  SelectScratch scratch;
  std::vector<int32_t> chosen;
  SelectRandom(Method(), input, &scratch, &chosen);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

TEST(PolicyRandomTest, DependsOnTheQueryAlone) {
  const std::vector<Block> blocks = BlocksOf(std::vector<int>(100, 16));
  const SelectInput input = InputOf(blocks, 320);
  const std::vector<int32_t> first = Chosen(input);
  EXPECT_EQ(first.size(), 20u);
  EXPECT_EQ(Chosen(input), first);
  for (int field = 0; field < 4; ++field) {
    SelectInput other = input;
    if (field == 0) other.seed = 1;
    if (field == 1) other.position = 1;
    if (field == 2) other.layer = 1;
    if (field == 3) other.kv_head = 1;
    EXPECT_NE(Chosen(other), first) << field;
  }
}

TEST(PolicyRandomTest, ReachesEveryBlock) {
  const std::vector<Block> blocks = BlocksOf(std::vector<int>(50, 16));
  SelectInput input = InputOf(blocks, 5 * 16);
  std::vector<int> times(50);
  for (input.position = 0; input.position < 200; ++input.position) {
    for (const int32_t b : Chosen(input)) ++times[b];
  }
  EXPECT_THAT(times,
              ::testing::Each(::testing::AllOf(::testing::Ge(5), ::testing::Le(45))));  // mean 20
}

TEST(PolicyRandomTest, KnowsNoBudgetOfMass) {
  const std::vector<Block> blocks = BlocksOf(std::vector<int>(100, 16));
  SelectInput input = InputOf(blocks, 320);
  const std::vector<int32_t> without = Chosen(input);
  input.budget_mass = 0.05;
  EXPECT_EQ(Chosen(input), without);
  input.budget_tokens = 1600;
  EXPECT_EQ(Chosen(input).size(), 100u);
}

TEST(PolicyRandomTest, TakesAllThatFits) {
  const std::vector<Block> blocks = BlocksOf({4, 8, 4});
  EXPECT_THAT(Chosen(InputOf(blocks, 16)), ::testing::ElementsAre(0, 1, 2));
  EXPECT_THAT(Chosen(InputOf(blocks, 0)), ::testing::IsEmpty());
}

}  // namespace
}  // namespace dynsplit
