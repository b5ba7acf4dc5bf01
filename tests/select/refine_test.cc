#include "select/refine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "select/refine_fixture.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RefineTest : public RefineFixture {
 protected:
  std::vector<int32_t> Chosen(const SelectInput& input, const std::vector<int32_t>& candidates) {
    std::vector<int32_t> chosen;
    TakeBestByKeys(method_, input, candidates, &scratch_, &chosen);
    return chosen;
  }

  SelectScratch scratch_;
  Method method_ = *ParseMethod("dynsplit+pick=blocks");
};

TEST_F(RefineTest, SharesAreThoseOfTheKeysThatAreRead) {
  const std::vector<int32_t> candidates = {2, 3, 5, 7};
  Chosen(Input(60), candidates);
  ASSERT_EQ(scratch_.shares.size(), candidates.size());
  for (size_t i = 0; i < candidates.size(); ++i) {
    EXPECT_NEAR(scratch_.shares[i], Share(blocks_[candidates[i]], candidates), 1e-5) << i;
  }
}

TEST_F(RefineTest, TakesTheDensestBlocksOfTheCandidatesAlone) {
  std::fill(queries_.begin(), queries_.end(), 0.0f);
  for (int head = 0; head < kHeads; ++head) queries_[head * kHeadDim] = 8;
  for (int64_t token = 0; token < kTokens; ++token) pages_.Key(token)[0] = 0;
  pages_.Key(8)[0] = F16FromF32(3);    // block 1, no candidate
  pages_.Key(70)[0] = F16FromF32(2);   // block 4
  pages_.Key(155)[0] = F16FromF32(1);  // block 7, the last of the cut text
  EXPECT_THAT(Chosen(Input(50), {2, 4, 6, 7}), ElementsAre(4, 7));
  EXPECT_THAT(Chosen(Input(49), {2, 4, 6, 7}), ElementsAre(4, 7));
  EXPECT_THAT(Chosen(Input(15), {2, 4, 6, 7}), ElementsAre(7));
}

TEST_F(RefineTest, AHeadThatNeedsOnlyRecentHasLittleSay) {
  std::fill(queries_.begin(), queries_.end(), 0.0f);
  for (int64_t token = 0; token < kTokens; ++token) {
    pages_.Key(token)[0] = pages_.Key(token)[1] = pages_.Key(token)[2] = 0;
  }
  // The first two heads want block 1, but a recent token a thousand times as much.
  queries_[0] = queries_[kHeadDim] = 8;
  pages_.Key(8)[0] = F16FromF32(2);
  pages_.Key(kTokens - 2)[0] = F16FromF32(4);
  queries_[2 * kHeadDim + 1] = 8;
  pages_.Key(155)[1] = F16FromF32(2);
  EXPECT_THAT(Chosen(Input(10), {1, 7}), ElementsAre(7));
}

TEST_F(RefineTest, StopsWhenTheMassIsReached) {
  std::fill(queries_.begin(), queries_.end(), 0.0f);  // every key has the same mass
  SelectInput input = Input(1000);
  const std::vector<int32_t> all = {1, 2, 3, 4, 5, 6, 7};
  input.budget_mass = 0.3;  // sink and recent hold 74 of 230
  EXPECT_THAT(Chosen(input, all), IsEmpty());
  input.budget_mass = 0.4;  // 18 tokens more: by rank 6, 50 of them
  EXPECT_THAT(Chosen(input, all), ElementsAre(1, 2));
  input.budget_mass = 1;
  EXPECT_EQ(Chosen(input, all).size(), all.size());
}

TEST_F(RefineTest, NoCandidatesNoChoice) { EXPECT_THAT(Chosen(Input(50), {}), IsEmpty()); }

}  // namespace
}  // namespace dynsplit
