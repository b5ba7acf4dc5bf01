#include "cache/token_votes.h"

#include <gtest/gtest.h>

#include "cache/vote_fixture.h"

namespace dynsplit {
namespace {

constexpr double kTolerance = 5e-3;  // keys are rounded to f16

class TokenVotesTest : public ::testing::Test {
 protected:
  static void ExpectVotes(const float* got, const std::vector<double>& want) {
    for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(got[i], want[i], kTolerance) << i;
  }

  PagePool pool_{kTestShape.head_dim};
  AttentionBatch batch_{kTestShape, 2};
};

TEST_F(TokenVotesTest, WindowHoldsTheLastRowsRead) {
  TestSequence sequence(&pool_, Method{});
  EXPECT_EQ(sequence.cache.window(), nullptr);
  // Chunks that fill it in part, wholly, and one row at a time.
  int64_t read = 0;
  for (const int rows : {10, 1, 15, 20, 100, 3, 1}) {
    RunPass(&batch_, {{&sequence, rows, Attention::kDense}}, 2);
    read += rows;
    const QueryWindow* window = sequence.cache.window();
    ASSERT_NE(window, nullptr);
    EXPECT_EQ(window->end(), read);
    EXPECT_EQ(window->begin(), std::max<int64_t>(0, read - kVoteWindow));
    const int count = static_cast<int>(read - window->begin());
    for (const int layer : {0, 5}) {
      const auto want = sequence.queries.Rows(layer, window->begin(), count, kTestShape.num_heads);
      const float* got = window->Queries(layer);
      EXPECT_EQ(std::vector<float>(got, got + want.size()), want) << "after " << read;
    }
  }
}

TEST_F(TokenVotesTest, WindowStartsAnewAfterRowsThatSelected) {
  TestSequence sequence(&pool_, Method{});
  RunPass(&batch_, {{&sequence, 50, Attention::kDense}}, 2);
  RunPass(&batch_, {{&sequence, 2, Attention::kSelected}}, 2);
  EXPECT_EQ(sequence.cache.window()->end(), 50);
  RunPass(&batch_, {{&sequence, 5, Attention::kDense}}, 2);
  EXPECT_EQ(sequence.cache.window()->begin(), 52);
  EXPECT_EQ(sequence.cache.window()->end(), 57);
}

TEST_F(TokenVotesTest, WindowVotesAreExactAttention) {
  TestSequence sequence(&pool_, Method{});
  RunPass(&batch_, {{&sequence, 130, Attention::kDense}}, 2);
  RunPass(&batch_, {{&sequence, 20, Attention::kDense}}, 2);
  const TokenVotes votes =
      WindowVotes(kTestShape, *sequence.cache.window(), sequence.cache.pages(), 150, 2).value();
  ASSERT_EQ(votes.tokens(), 150);
  for (const int layer : {0, 3}) {
    for (int g = 0; g < kTestShape.kv_heads; ++g) {
      ExpectVotes(votes.Of(layer, g), NaiveVotes(sequence, layer, g, {150 - kVoteWindow, 150}));
    }
  }
}

}  // namespace
}  // namespace dynsplit
