#include "select/token_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "select/refine_fixture.h"

namespace dynsplit {
namespace {

using ::testing::IsEmpty;

// With refine 60 all seven candidates, 156 tokens, are looked at a second time.
class TokenSelectionTest : public RefineFixture {
 protected:
  TokenSelectionTest() {
    index_.Reserve(static_cast<int64_t>(blocks_.size()));
    const std::vector<KvView> views = {pages_.View()};
    index_.Fill(0, 0, blocks_, views);
    method_.refine = 60;
  }

  SelectInput Input(int64_t budget) {
    SelectInput input = RefineFixture::Input(budget);
    input.index = &index_;
    return input;
  }

  // Without the sink and recent, which come last.
  std::vector<int32_t> Chosen(const SelectInput& input) {
    TokenSelection selection;
    selection.Run(method_, input, &choice_);
    const std::vector<int32_t>& tokens = choice_.tokens;
    return {tokens.begin(), tokens.end() - 74};
  }

  BlockIndex index_{{1, 1, kHeadDim, 2, Summary::kMean}};
  TokenChoice choice_;
  Method method_ = *ParseMethod("dynsplit");
};

// Every key of the candidates by its own share: the best ones, wherever they are.
TEST_F(TokenSelectionTest, TakesTheBestTokensOneByOne) {
  const std::vector<int32_t> candidates = {1, 2, 3, 4, 5, 6, 7};
  std::vector<std::pair<double, int32_t>> ranked;
  for (int32_t t = blocks_[1].start; t < blocks_[7].end(); ++t) {
    ranked.emplace_back(-Share({t, 1}, candidates), t);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<int32_t> want;
  for (size_t i = 0; i < 20; ++i) want.push_back(ranked[i].second);
  std::sort(want.begin(), want.end());
  EXPECT_EQ(Chosen(Input(20)), want);
  EXPECT_EQ(Chosen(Input(1000)).size(), ranked.size());  // all fit
}

TEST_F(TokenSelectionTest, LooksAtTheBestBlocksAlone) {
  std::fill(queries_.begin(), queries_.end(), 0.0f);
  for (int head = 0; head < kHeads; ++head) queries_[head * kHeadDim] = 8;
  for (int64_t token = 0; token < kTokens; ++token) pages_.Key(token)[0] = 0;
  pages_.Key(8)[0] = F16FromF32(4);    // block 1, the best
  pages_.Key(155)[0] = F16FromF32(2);  // block 7, the next
  index_ = BlockIndex({1, 1, kHeadDim, 2, Summary::kMean});
  index_.Reserve(static_cast<int64_t>(blocks_.size()));
  const std::vector<KvView> views = {pages_.View()};
  index_.Fill(0, 0, blocks_, views);
  pages_.Key(70)[0] = F16FromF32(9);  // too late for the index to know
  method_.refine = 24;                // two blocks of seven, at 22 tokens
  EXPECT_THAT(Chosen(Input(2)), ::testing::ElementsAre(8, 155));
  method_.refine = 100;
  EXPECT_THAT(Chosen(Input(2)), ::testing::ElementsAre(8, 70));
}

TEST_F(TokenSelectionTest, TokensComeWithTheScoresOfTheirKeys) {
  Chosen(Input(20));
  const size_t count = choice_.tokens.size();
  ASSERT_EQ(choice_.scores.size(), kHeads * count);
  for (size_t i = 0; i < count; ++i) {
    for (int head = 0; head < kHeads; ++head) {
      EXPECT_NEAR(std::exp(choice_.scores[head * count + i]) / Power(head, choice_.tokens[i]), 1,
                  1e-4);
    }
  }
}

TEST_F(TokenSelectionTest, EndsWhereTheMassIsReached) {
  std::fill(queries_.begin(), queries_.end(), 0.0f);  // every key has the same mass
  SelectInput input = Input(1000);
  input.budget_mass = 0.4;  // sink and recent hold 74 of 230: 18 tokens more
  EXPECT_EQ(Chosen(input).size(), 18u);
  input.budget_mass = 0.3;
  EXPECT_THAT(Chosen(input), IsEmpty());
}

TEST_F(TokenSelectionTest, WithoutABudgetOnlyWhatIsAlwaysAttendedTo) {
  EXPECT_THAT(Chosen(Input(0)), IsEmpty());
  EXPECT_EQ(choice_.tokens.size(), 74u);
}

TEST_F(TokenSelectionTest, NoSummaryIsScoredWhereAllKeysAreLookedAt) {
  TokenSelection selection;
  selection.Begin(method_, Input(20));
  EXPECT_EQ(selection.num_scored_blocks(), 0);
  method_.refine = 7;  // 140 of 156 tokens
  selection.Begin(method_, Input(20));
  EXPECT_EQ(selection.num_scored_blocks(), 7);
}

// In any parts the choice is the same, and what was chosen before is forgotten.
TEST_F(TokenSelectionTest, PartsDoNotMatter) {
  method_.refine = 6;
  const SelectInput input = Input(20);
  const std::vector<int32_t> want = Chosen(input);
  const std::vector<float> scores(choice_.scores.data(),
                                  choice_.scores.data() + choice_.scores.size());
  TokenSelection selection;
  TokenChoice choice;
  selection.Run(method_, Input(70), &choice);
  selection.Begin(method_, input);
  ASSERT_EQ(selection.num_scored_blocks(), 7);
  for (const TokenRange range : {TokenRange{5, 7}, {0, 1}, {1, 5}}) {
    selection.ScoreBlocks(input, range);
  }
  selection.FindKeys(method_, input);
  const int64_t keys = selection.num_keys();
  for (const TokenRange range : {TokenRange{100, keys}, {0, 3}, {3, 100}}) {
    selection.ScoreKeys(input, range);
  }
  selection.Choose(method_, input, &choice);
  EXPECT_EQ(choice.tokens, choice_.tokens);
  for (size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(choice.scores[i], scores[i], 1e-5);
}

}  // namespace
}  // namespace dynsplit
