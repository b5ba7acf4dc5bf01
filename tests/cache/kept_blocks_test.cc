#include "cache/kept_blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "cache/vote_fixture.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;

constexpr CacheShape kOneHead{.num_layers = 1, .num_heads = 1, .kv_heads = 1, .head_dim = 16};

Method OneLayer(Policy policy, int sink, int recent, int64_t budget) {
  Method method;
  method.policy = policy;
  method.sink = sink;
  method.recent = recent;
  method.dense_layers = 0;
  method.budget = {.tokens = budget};
  return method;
}

std::vector<Block> SingleTokens(int sink, int count) {
  std::vector<Block> blocks;
  if (sink > 0) blocks.push_back({0, sink});
  for (int32_t i = sink; i < count; ++i) blocks.push_back({i, 1});
  return blocks;
}

TokenVotes VotesOf(const std::vector<float>& values) {
  TokenVotes votes(kOneHead, nullptr, static_cast<int64_t>(values.size()));
  std::copy(values.begin(), values.end(), votes.Of(0, 0));
  return votes;
}

std::vector<int64_t> Attended(const KeptBlocks& kept, const Method& method, int64_t position,
                              int layer = 0, int kv_head = 0) {
  std::vector<TokenRange> ranges;
  kept.AppendRanges(layer, kv_head, method, position, &ranges);
  std::vector<int64_t> tokens;
  for (size_t i = 0; i < ranges.size(); ++i) {
    EXPECT_LT(ranges[i].start, ranges[i].end);
    if (i > 0) {
      EXPECT_GT(ranges[i].start, ranges[i - 1].end);  // else they would be one
    }
    for (int64_t t = ranges[i].start; t < ranges[i].end; ++t) tokens.push_back(t);
  }
  return tokens;
}

TEST(KeptBlocksTest, TheMostVotedMakeRoomOneByOne) {
  const Method method = OneLayer(Policy::kH2o, 1, 2, 3);
  // 12 tokens: the sink, nine candidates, two recent ones.
  const TokenVotes votes = VotesOf({9, 1, 5, 1, 1, 7, 1, 1, 1, 6});
  const KeptBlocks kept(kOneHead, method, SingleTokens(1, 10), votes, 12);
  EXPECT_THAT(Attended(kept, method, 11), ElementsAre(0, 2, 5, 9, 10, 11));
  EXPECT_THAT(Attended(kept, method, 12), ElementsAre(0, 5, 9, 10, 11, 12));
  EXPECT_THAT(Attended(kept, method, 13), ElementsAre(0, 5, 10, 11, 12, 13));
  EXPECT_THAT(Attended(kept, method, 14), ElementsAre(0, 10, 11, 12, 13, 14));
  EXPECT_THAT(Attended(kept, method, 15), ElementsAre(0, 11, 12, 13, 14, 15));  // 10 went
}

TEST(KeptBlocksTest, SnapKvKeepsTheNeighboursOfAVotedToken) {
  const Method method = OneLayer(Policy::kSnapKv, 0, 1, 7);
  std::vector<float> values(30, 0.1f);
  values[15] = 1;
  const KeptBlocks kept(kOneHead, method, SingleTokens(0, 30), VotesOf(values), 31);
  EXPECT_THAT(Attended(kept, method, 30), ElementsAre(12, 13, 14, 15, 16, 17, 18, 30));
}

TEST(KeptBlocksTest, TheSinkLendsNoVotes) {
  const Method method = OneLayer(Policy::kSnapKv, 2, 1, 2);
  std::vector<float> values(20, 0.1f);
  values[0] = 50;
  values[12] = 1;
  const KeptBlocks kept(kOneHead, method, SingleTokens(2, 20), VotesOf(values), 21);
  EXPECT_THAT(Attended(kept, method, 20), ElementsAre(0, 1, 9, 10, 20));
}

TEST(KeptBlocksTest, LongerBlocksAreKeptByTheirMean) {
  const Method method = OneLayer(Policy::kH2o, 0, 1, 4);
  const std::vector<Block> blocks = {{0, 4}, {4, 2}, {6, 2}};
  const KeptBlocks kept(kOneHead, method, blocks, VotesOf({2, 2, 2, 2, 3, 3, 0, 6}), 9);
  EXPECT_THAT(Attended(kept, method, 8), ElementsAre(4, 5, 6, 7, 8));
}

TEST(KeptBlocksTest, ABudgetOfMassEndsTheChoiceEarlier) {
  Method method = OneLayer(Policy::kH2o, 0, 1, 8);
  method.budget.mass = 0.5;
  const KeptBlocks kept(kOneHead, method, SingleTokens(0, 8), VotesOf({1, 1, 4, 1, 3, 1, 2, 1}), 9);
  EXPECT_THAT(Attended(kept, method, 8), ElementsAre(2, 4, 8));
}

TEST(KeptBlocksTest, AShortTextIsAttendedToWhole) {
  const Method method = OneLayer(Policy::kSnapKv, 4, 8, 0);
  const KeptBlocks kept(kOneHead, method, {}, VotesOf({}), 3);
  EXPECT_THAT(Attended(kept, method, 2), ElementsAre(0, 1, 2));
  EXPECT_EQ(Attended(kept, method, 11).size(), 12u);
  EXPECT_EQ(Attended(kept, method, 12).size(), 12u);  // 4 has left recent, and the budget is 0
}

TEST(KeptBlocksTest, AShareOfTheContextGrowsWithItButRecallsNothing) {
  Method method = OneLayer(Policy::kH2o, 0, 4, 0);
  method.budget = {.percent = 30};
  Rng rng(3);
  std::vector<float> values;
  for (int i = 0; i < 96; ++i) values.push_back(static_cast<float>(rng.Uniform()));
  const KeptBlocks kept(kOneHead, method, SingleTokens(0, 96), VotesOf(values), 100);
  std::vector<int64_t> before = AllTokens(101);
  for (int64_t position = 100; position < 200; ++position) {
    const std::vector<int64_t> tokens = Attended(kept, method, position);
    EXPECT_LE(static_cast<int64_t>(tokens.size()),
              method.budget.TokensAt(position + 1) + method.recent);
    EXPECT_EQ(tokens.back(), position);
    EXPECT_TRUE(std::includes(before.begin(), before.end(), tokens.begin(), tokens.end()))
        << position;
    before = tokens;
    before.push_back(position + 1);
  }
}

class KeptInCacheTest : public ::testing::TestWithParam<const char*> {
 protected:
  static Method TestMethod(const char* name) {
    Method method = MethodPreset(name).value();
    method.recent = 16;
    method.budget = {.tokens = 40};
    return method;
  }

  // The tokens with the most votes, counted naively.
  static std::set<int64_t> Best(const TestSequence& sequence, int layer, int kv_head, int64_t read,
                                size_t count) {
    const Method& method = sequence.cache.method();
    const bool window = method.policy == Policy::kSnapKv;
    const auto votes =
        NaiveVotes(sequence, layer, kv_head, {window ? read - kVoteWindow : 0, read});
    std::vector<std::pair<double, int64_t>> ranking;
    const int64_t end = read - method.recent;
    for (int64_t t = method.sink; t < end; ++t) {
      double vote = votes[t];
      for (int64_t k = t - 3; window && k <= t + 3; ++k) {
        if (k >= method.sink && k < end) vote = std::max(vote, votes[k]);
      }
      ranking.push_back({-vote, t});
    }
    std::sort(ranking.begin(), ranking.end());
    std::set<int64_t> best;
    for (size_t i = 0; i < count; ++i) best.insert(ranking[i].second);
    return best;
  }

  PagePool pool_{kTestShape.head_dim};
  AttentionBatch batch_{kTestShape, 2};
};

TEST_P(KeptInCacheTest, IsTheNaiveChoice) {
  TestSequence sequence(&pool_, TestMethod(GetParam()));
  for (const int rows : {200, 60}) RunPass(&batch_, {{&sequence, rows, Attention::kDense}}, 2);
  EXPECT_EQ(sequence.cache.kept(), nullptr);
  RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2);
  const KeptBlocks* kept = sequence.cache.kept();
  ASSERT_NE(kept, nullptr);
  for (const int layer : {2, 5}) {
    for (int g = 0; g < kTestShape.kv_heads; ++g) {
      std::vector<int64_t> tokens = Attended(*kept, sequence.cache.method(), 260, layer, g);
      ASSERT_EQ(tokens.size(), 4u + 40u + 16u);
      // One place of the budget is the token's that has left recent.
      const std::set<int64_t> best = Best(sequence, layer, g, 260, 39);
      EXPECT_TRUE(std::equal(best.begin(), best.end(), tokens.begin() + 4, tokens.begin() + 43))
          << "layer " << layer << " head " << g;
    }
  }
}

TEST_P(KeptInCacheTest, RowsAttendToIt) {
  TestSequence sequence(&pool_, TestMethod(GetParam()));
  RunPass(&batch_, {{&sequence, 260, Attention::kDense}}, 2);
  const auto outputs = RunPass(&batch_, {{&sequence, 30, Attention::kSelected}}, 2);
  const KeptBlocks& kept = *sequence.cache.kept();
  const size_t width = static_cast<size_t>(kTestShape.group_heads()) * kTestShape.head_dim;
  for (const int row : {0, 29}) {
    for (int g = 0; g < kTestShape.kv_heads; ++g) {
      const auto tokens = Attended(kept, sequence.cache.method(), 260 + row, 4, g);
      const auto want = PlainAttention(sequence, 4, 260 + row, tokens);
      const size_t row_start = static_cast<size_t>(row) * want.size();
      for (size_t i = g * width; i < (g + 1) * width; ++i) {
        ASSERT_NEAR(outputs[4][row_start + i], want[i], 4e-3) << row << " " << g << " " << i;
      }
    }
  }
  const int64_t selecting = 4 * kTestShape.kv_heads * 30 * (4 + 40 + 16);
  int64_t dense = 0;
  for (int row = 0; row < 30; ++row) dense += 2 * kTestShape.kv_heads * (261 + row);
  EXPECT_EQ(batch_.AttendedTokens(0), selecting + dense);
}

TEST_P(KeptInCacheTest, OnePieceEqualsTokenByToken) {
  TestSequence sequence(&pool_, TestMethod(GetParam()));
  RunPass(&batch_, {{&sequence, 200, Attention::kDense}}, 2);
  TestSequence fork = sequence;
  const auto whole = RunPass(&batch_, {{&sequence, 70, Attention::kSelected}}, 2);
  for (int row = 0; row < 70; ++row) {
    const auto one = RunPass(&batch_, {{&fork, 1, Attention::kSelected}}, 2);
    for (size_t i = 0; i < one[5].size(); ++i) {
      ASSERT_NEAR(whole[5][row * one[5].size() + i], one[5][i], 1e-5) << row;
    }
  }
}

TEST_P(KeptInCacheTest, ForksChooseForThemselves) {
  TestSequence sequence(&pool_, TestMethod(GetParam()));
  RunPass(&batch_, {{&sequence, 200, Attention::kDense}}, 2);
  RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2);
  const KeptBlocks* kept = sequence.cache.kept();
  TestSequence fork = sequence;
  EXPECT_EQ(fork.cache.kept(), kept);
  RunPass(&batch_, {{&fork, 50, Attention::kDense}}, 2);
  EXPECT_EQ(fork.cache.kept(), nullptr);  // there is more to choose from
  RunPass(&batch_, {{&fork, 1, Attention::kSelected}}, 2);
  EXPECT_NE(fork.cache.kept(), kept);
  EXPECT_EQ(sequence.cache.kept(), kept);
  EXPECT_EQ(Attended(*kept, sequence.cache.method(), 201, 3).size(), 60u);
}

TEST_P(KeptInCacheTest, AnotherMethodDropsIt) {
  TestSequence sequence(&pool_, TestMethod(GetParam()));
  RunPass(&batch_, {{&sequence, 200, Attention::kDense}}, 2);
  RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2);
  sequence.cache.SetMethod(MethodPreset("dynsplit").value());
  EXPECT_EQ(sequence.cache.kept(), nullptr);
  RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2);
  EXPECT_EQ(sequence.cache.kept(), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Policies, KeptInCacheTest, ::testing::Values("snapkv", "h2o"),
                         [](const auto& param) { return std::string(param.param); });

TEST(SnapKvTest, MayFollowAnyMethodAfterThePrefill) {
  PagePool pool(kTestShape.head_dim);
  AttentionBatch batch(kTestShape, 2);
  const Method snapkv = MethodPreset("snapkv").value();
  TestSequence first(&pool, snapkv), later(&pool, MethodPreset("full").value());
  for (TestSequence* sequence : {&first, &later}) {
    RunPass(&batch, {{sequence, 300, Attention::kDense}}, 2);
  }
  later.cache.SetMethod(snapkv);
  EXPECT_EQ(RunPass(&batch, {{&later, 3, Attention::kSelected}}, 2),
            RunPass(&batch, {{&first, 3, Attention::kSelected}}, 2));
}

TEST(SnapKvTest, ATextThatWasNeverReadDenselyHasNoVotes) {
  PagePool pool(kTestShape.head_dim);
  AttentionBatch batch(kTestShape, 2);
  Method method = MethodPreset("snapkv").value();
  method.recent = 8;
  method.budget = {.tokens = 10};
  TestSequence sequence(&pool, MethodPreset("recent").value());
  RunPass(&batch, {{&sequence, 100, Attention::kSelected}}, 2);
  sequence.cache.SetMethod(method);
  RunPass(&batch, {{&sequence, 1, Attention::kSelected}}, 2);
  EXPECT_EQ(Attended(*sequence.cache.kept(), method, 100, 3).size(), 4u + 10u + 8u);
}

}  // namespace
}  // namespace dynsplit
