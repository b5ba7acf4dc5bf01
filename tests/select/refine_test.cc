#include "select/refine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/kernel_fixture.h"
#include "select/select_fixture.h"

namespace dynsplit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int kHeadDim = 16;
constexpr int kHeads = 3;
constexpr int64_t kTokens = 230;

class RefineTest : public testing::Test {
 protected:
  // Block 0 is the sink; the last 70 tokens are recent.
  SelectInput Input(int64_t budget) {
    SelectInput input = InputOf(blocks_, budget);
    input.queries = queries_.data();
    input.group_heads = kHeads;
    input.scale = 0.5f;
    input.position = kTokens - 1;
    input.kv = pages_.View();
    input.first_block = 1;
    return input;
  }

  std::vector<int32_t> Chosen(const SelectInput& input, const std::vector<int32_t>& candidates) {
    std::vector<int32_t> chosen;
    TakeBestByKeys(method_, input, candidates, &scratch_, &chosen);
    return chosen;
  }

  // Without the sink and recent, which come last.
  std::vector<int32_t> ChosenTokens(const SelectInput& input,
                                    const std::vector<int32_t>& candidates) {
    TakeBestTokens(method_, input, candidates, &scratch_, &choice_);
    const std::vector<int32_t>& tokens = choice_.tokens;
    return {tokens.begin(), tokens.end() - 74};
  }

  // exp of a head's score of a key.
  double Power(int head, int64_t token) {
    double dot = 0;
    for (int j = 0; j < kHeadDim; ++j) {
      dot += double{queries_[head * kHeadDim + j]} * F32FromF16(pages_.Key(token)[j]);
    }
    return std::exp(0.5 * dot);
  }
  double Powers(int head, int64_t begin, int64_t end) {
    double sum = 0;
    for (int64_t token = begin; token < end; ++token) sum += Power(head, token);
    return sum;
  }
  // Share of `block` in what the candidates, sink and recent get, mean over the heads.
  double Share(const Block& block, const std::vector<int32_t>& candidates) {
    double share = 0;
    for (int head = 0; head < kHeads; ++head) {
      double all = Powers(head, 0, blocks_[0].end()) + Powers(head, 160, kTokens);
      for (const int32_t b : candidates) all += Powers(head, blocks_[b].start, blocks_[b].end());
      share += Powers(head, block.start, block.end()) / all / kHeads;
    }
    return share;
  }

  Rng rng_{11};
  RandomPages pages_{rng_, kTokens, kHeadDim};
  std::vector<Block> blocks_ = BlocksOf({4, 6, 50, 1, 39, 30, 20, 10});
  std::vector<float> queries_ = RandomFloats(rng_, kHeads* kHeadDim);
  SelectScratch scratch_;
  TokenChoice choice_;
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

// Every key of the candidates by its own share: the best ones, wherever they are.
TEST_F(RefineTest, TakesTheBestTokensOneByOne) {
  const std::vector<int32_t> candidates = {2, 3, 5, 7};
  std::vector<std::pair<double, int32_t>> ranked;
  for (const int32_t b : candidates) {
    for (int32_t t = blocks_[b].start; t < blocks_[b].end(); ++t) {
      ranked.emplace_back(-Share({t, 1}, candidates), t);
    }
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<int32_t> want;
  for (size_t i = 0; i < 20; ++i) want.push_back(ranked[i].second);
  std::sort(want.begin(), want.end());
  EXPECT_EQ(ChosenTokens(Input(20), candidates), want);
  EXPECT_EQ(ChosenTokens(Input(1000), candidates).size(), ranked.size());
}

TEST_F(RefineTest, TokensComeWithTheScoresOfTheirKeys) {
  ChosenTokens(Input(20), {2, 3, 5, 7});
  const size_t count = choice_.tokens.size();
  ASSERT_EQ(choice_.scores.size(), kHeads * count);
  for (size_t i = 0; i < count; ++i) {
    for (int head = 0; head < kHeads; ++head) {
      EXPECT_NEAR(std::exp(choice_.scores[head * count + i]) / Power(head, choice_.tokens[i]), 1,
                  1e-4);
    }
  }
}

TEST_F(RefineTest, TokensEndWhereTheMassIsReached) {
  std::fill(queries_.begin(), queries_.end(), 0.0f);  // every key has the same mass
  SelectInput input = Input(1000);
  input.budget_mass = 0.4;  // sink and recent hold 74 of 230: 18 tokens more
  EXPECT_EQ(ChosenTokens(input, {1, 2, 3, 4, 5, 6, 7}).size(), 18u);
  input.budget_mass = 0.3;
  EXPECT_THAT(ChosenTokens(input, {1, 2, 3}), IsEmpty());
}

TEST_F(RefineTest, WithoutCandidatesOnlyWhatIsAlwaysAttendedTo) {
  EXPECT_THAT(ChosenTokens(Input(50), {}), IsEmpty());
  EXPECT_EQ(choice_.tokens.size(), 74u);
}

TEST_F(RefineTest, NoCandidatesNoChoice) { EXPECT_THAT(Chosen(Input(50), {}), IsEmpty()); }

}  // namespace
}  // namespace dynsplit
