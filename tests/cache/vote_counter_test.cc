#include "cache/vote_counter.h"

#include <gtest/gtest.h>

#include "cache/vote_fixture.h"

namespace dynsplit {
namespace {

constexpr double kTolerance = 5e-3;  // keys are rounded to f16

class VoteCounterTest : public ::testing::Test {
 protected:
  static void ExpectVotes(const float* got, const std::vector<double>& want) {
    for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(got[i], want[i], kTolerance) << i;
  }

  PagePool pool_{kTestShape.head_dim};
  AttentionBatch batch_{kTestShape, 2};
};

TEST_F(VoteCounterTest, EveryRowThatIsReadVotesUnderH2o) {
  TestSequence sequence(&pool_, MethodPreset("h2o").value());
  for (const int rows : {1, 70, 1, 530}) {
    RunPass(&batch_, {{&sequence, rows, Attention::kDense}}, 2);
  }
  const TokenVotes* votes = sequence.cache.votes();
  ASSERT_NE(votes, nullptr);
  ASSERT_EQ(votes->tokens(), 602);
  for (const int layer : {1, 4}) {
    for (int g = 0; g < kTestShape.kv_heads; ++g) {
      ExpectVotes(votes->Of(layer, g), NaiveVotes(sequence, layer, g, {0, 602}));
    }
  }
}

TEST_F(VoteCounterTest, DoNotDependOnTheNumberOfWorkers) {
  std::vector<std::vector<float>> votes;
  for (const int workers : {1, 2, 5}) {
    AttentionBatch batch(kTestShape, workers);
    TestSequence sequence(&pool_, MethodPreset("h2o").value());
    RunPass(&batch, {{&sequence, 700, Attention::kDense}}, workers);
    const float* first = sequence.cache.votes()->Of(0, 0);
    votes.emplace_back(first, first + 700 * kTestShape.num_layers * kTestShape.kv_heads);
  }
  EXPECT_EQ(votes[0], votes[1]);
  EXPECT_EQ(votes[0], votes[2]);
}

TEST_F(VoteCounterTest, ForksAndGivenUpPassesLeaveThemAlone) {
  TestSequence sequence(&pool_, MethodPreset("h2o").value());
  RunPass(&batch_, {{&sequence, 100, Attention::kDense}}, 2);
  const TokenVotes* votes = sequence.cache.votes();
  const std::vector<float> before(votes->Of(2, 0), votes->Of(2, 0) + 100);
  TestSequence fork = sequence;
  EXPECT_EQ(fork.cache.votes(), votes);  // shared
  RunPass(&batch_, {{&fork, 30, Attention::kDense}}, 2);
  EXPECT_EQ(fork.cache.votes()->tokens(), 130);
  EXPECT_EQ(sequence.cache.votes(), votes);
  EXPECT_EQ(std::vector<float>(votes->Of(2, 0), votes->Of(2, 0) + 100), before);
  EXPECT_EQ(sequence.cache.window()->end(), 100);
  ASSERT_TRUE(sequence.cache.Begin(TestTokens(100, 20), Attention::kDense).ok());
  const Span span{&sequence.cache, 0, 20, Attention::kDense};
  batch_.Begin({&span, 1});  // given up here
  EXPECT_EQ(sequence.cache.votes(), votes);
  RunPass(&batch_, {{&sequence, 20, Attention::kDense}}, 2);
  const float* got = sequence.cache.votes()->Of(2, 0);
  ExpectVotes(got, NaiveVotes(sequence, 2, 0, {0, 120}));
}

TEST_F(VoteCounterTest, ReadingOnTakesTwoWindowsInTurn) {
  TestSequence sequence(&pool_, MethodPreset("full").value());
  std::vector<const QueryWindow*> windows;
  for (const int rows : {40, 10, 50, 3}) {
    RunPass(&batch_, {{&sequence, rows, Attention::kDense}}, 2);
    windows.push_back(sequence.cache.window());
  }
  EXPECT_EQ(windows[2], windows[0]);
  EXPECT_EQ(windows[3], windows[1]);
  const QueryWindow& window = *windows[3];  // joined to the last but one
  ASSERT_EQ(window.begin(), 103 - kVoteWindow);
  ASSERT_EQ(window.end(), 103);
  const size_t row = size_t{kTestShape.num_heads} * kTestShape.head_dim;
  for (const int64_t position : {window.begin(), int64_t{99}, int64_t{102}}) {
    const auto want = sequence.queries.Rows(4, position, 1, kTestShape.num_heads);
    const float* got = window.Queries(4) + static_cast<size_t>(position - window.begin()) * row;
    EXPECT_EQ(std::vector<float>(got, got + row), want) << position;
  }
}

TEST_F(VoteCounterTest, AWindowThatAForkHoldsIsLeftAlone) {
  TestSequence sequence(&pool_, MethodPreset("full").value());
  RunPass(&batch_, {{&sequence, 40, Attention::kDense}}, 2);
  const TestSequence fork = sequence;
  const QueryWindow* held = fork.cache.window();
  for (int pass = 0; pass < 3; ++pass) {
    RunPass(&batch_, {{&sequence, 40, Attention::kDense}}, 2);
    EXPECT_NE(sequence.cache.window(), held);
  }
  EXPECT_EQ(held->end(), 40);
}

TEST_F(VoteCounterTest, OnlyH2oCountsThem) {
  TestSequence plain(&pool_, MethodPreset("snapkv").value());
  TestSequence counting(&pool_, MethodPreset("h2o").value());
  RunPass(&batch_, {{&plain, 40, Attention::kDense}}, 2);
  EXPECT_FALSE(batch_.counts_votes());
  EXPECT_EQ(plain.cache.votes(), nullptr);
  EXPECT_FALSE(plain.cache.CanUse(counting.cache.method()));
  RunPass(&batch_, {{&plain, 5, Attention::kDense}, {&counting, 40, Attention::kDense}}, 2);
  EXPECT_TRUE(batch_.counts_votes());
  EXPECT_EQ(plain.cache.votes(), nullptr);
  const auto want = NaiveVotes(counting, 5, 1, {0, 40});
  ExpectVotes(counting.cache.votes()->Of(5, 1), want);
}

}  // namespace
}  // namespace dynsplit
