#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "select/policies.h"
#include "select/select_fixture.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<int32_t> Chosen(const SelectInput& input) {
  SelectScratch scratch;
  std::vector<int32_t> chosen;
  SelectVotes(Method(), input, &scratch, &chosen);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

TEST(PolicyVotesTest, TakesTheMostVotedThatFit) {
  const std::vector<Block> blocks = BlocksOf({2, 2, 2, 5, 2});
  const float votes[] = {0.1f, 0.5f, 0.2f, 0.9f, 0.3f};
  SelectInput input = InputOf(blocks, 9);
  input.votes = votes;
  EXPECT_THAT(Chosen(input), ElementsAre(1, 3, 4));
  input.budget_tokens = 4;  // the best one does not fit
  EXPECT_THAT(Chosen(input), ElementsAre(1, 4));
}

TEST(PolicyVotesTest, ABudgetOfMassIsAShareOfTheVotes) {
  const std::vector<Block> blocks = BlocksOf({2, 1, 4});
  const float votes[] = {1, 4, 0.5f};  // 2, 4 and 2 by their tokens
  SelectInput input = InputOf(blocks, 7);
  input.votes = votes;
  input.budget_mass = 0.5;
  EXPECT_THAT(Chosen(input), ElementsAre(1));
  input.budget_mass = 0.75;
  EXPECT_THAT(Chosen(input), ElementsAre(0, 1));
  input.budget_mass = 1;
  EXPECT_THAT(Chosen(input), ElementsAre(0, 1, 2));
}

TEST(PolicyVotesTest, VotesBelongToTheCandidatesInTurn) {
  const std::vector<Block> blocks = BlocksOf({1, 1, 1, 1});
  const float votes[] = {0.1f, 0.4f, 0.2f};
  SelectInput input = InputOf(blocks, 1);
  input.first_block = 1;
  input.votes = votes;
  EXPECT_THAT(Chosen(input), ElementsAre(2));
}

TEST(PolicyVotesTest, WithoutVotesTheFirstOnesAreTaken) {
  const std::vector<Block> blocks = BlocksOf({1, 1, 1, 1});
  const float votes[4] = {};
  SelectInput input = InputOf(blocks, 2);
  input.votes = votes;
  EXPECT_THAT(Chosen(input), ElementsAre(0, 1));
}

TEST(PolicyVotesTest, TakesAllThatFits) {
  const std::vector<Block> blocks = BlocksOf({4, 8, 4});
  EXPECT_THAT(Chosen(InputOf(blocks, 16)), ElementsAre(0, 1, 2));
  EXPECT_THAT(Chosen(InputOf(blocks, 0)), IsEmpty());
}

}  // namespace
}  // namespace dynsplit
