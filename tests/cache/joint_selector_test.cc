#include "cache/joint_selector.h"

#include <gtest/gtest.h>

#include "cache/cache_fixture.h"
#include "kernels/causal_attention.h"
#include "store/pinned_pages.h"

namespace dynsplit {
namespace {

constexpr int kBudget = 64;
constexpr int kWindow = 128;

class JointSelectorTest : public ::testing::TestWithParam<int> {
 protected:
  JointSelectorTest() {
    sequence_.cache =
        SemanticCache(kTestShape, Method(), &pool_, TestDelimiters(),
                      {.threads = 2, .joint = {{kBudget, kWindow}, {{0, 0}, {0, 1}}}});
  }

  // Reads `rows` more tokens; outputs [layers][rows, heads, head_dim].
  std::vector<std::vector<float>> Read(int rows, Attention attention) {
    return RunPass(&batch_, {{&sequence_, rows, attention}}, GetParam());
  }

  // The choice of `rows` rows from `first` on, of a span that begins at the sequence's end.
  JointChoice Choose(LayerHead head, int first, int rows, bool ends_whole = false) {
    span_ = {.cache = &sequence_.cache,
             .rows = first + rows,
             .attention = Attention::kJoint,
             .ends_whole = ends_whole};
    EXPECT_TRUE(sequence_.cache.Begin(TestTokens(0, first + rows), Attention::kJoint).ok());
    selector_.Begin({&span_, 1});
    queries_ = sequence_.queries.Rows(head.layer, sequence_.cache.size(), first + rows,
                                      kTestShape.num_heads);
    return selector_.Choose({&span_, first, rows, head}, queries_.data(), {});
  }

  // What the row at `position` sees by a choice.
  static std::vector<int64_t> Seen(const JointChoice& choice, int64_t position) {
    std::vector<int64_t> tokens;
    for (const TokenRange& range : choice.earlier) {
      for (int64_t t = range.start; t < range.end; ++t) tokens.push_back(t);
    }
    for (int64_t t = choice.dense_start; t <= position; ++t) tokens.push_back(t);
    return tokens;
  }

  void ExpectRow(const std::vector<std::vector<float>>& outputs, int layer, int row,
                 const std::vector<int64_t>& tokens, int64_t position) {
    const auto want = PlainAttention(sequence_, layer, position, tokens);
    for (size_t i = 0; i < want.size(); ++i) {
      ASSERT_NEAR(outputs[layer][row * want.size() + i], want[i], 4e-3) << layer << " " << row;
    }
  }

  PagePool pool_{kTestShape.head_dim};
  TestSequence sequence_{&pool_, Method()};
  AttentionBatch batch_{kTestShape, GetParam()};
  JointSelector selector_{kTestShape, 1};
  Span span_;
  std::vector<float> queries_;
};

TEST_P(JointSelectorTest, ChoosesWithinItsBudgetBesidesSinkAndWindow) {
  Read(500, Attention::kDense);
  const JointChoice choice = Choose({3, 1}, 64, 64);
  // 564 - 128, at a page; and no later than the 500 tokens that the index holds.
  EXPECT_EQ(choice.dense_start, 384);
  // Layer 3 has 2 layers after it, the mean one 2.5: 51 tokens, 6 runs.
  EXPECT_EQ(Seen(choice, 563).size(), 6 * kRunTokens + kRunTokens + 564u - 384);
  EXPECT_EQ(choice.earlier.front().start, 0);
  EXPECT_LE(choice.earlier.back().end, choice.dense_start);
  for (size_t i = 1; i < choice.earlier.size(); ++i) {
    EXPECT_GT(choice.earlier[i].start, choice.earlier[i - 1].end);
  }
}

TEST_P(JointSelectorTest, ALayersBudgetIsByTheLayersAfterIt) {
  Read(900, Attention::kDense);
  const int runs[] = {16, 12, 9, 6, 3, 0};  // of 64 tokens in the mean, 8 runs
  for (int layer = 0; layer < kTestShape.num_layers; ++layer) {
    const JointChoice choice = Choose({layer, 0}, 0, 64);
    int64_t tokens = 0;
    for (const TokenRange& range : choice.earlier) tokens += range.end - range.start;
    EXPECT_EQ(tokens, (runs[layer] + 1) * kRunTokens) << layer;
  }
}

TEST_P(JointSelectorTest, AWholeEndAttendsToEverything) {
  Read(500, Attention::kDense);
  const LayerHead head{4, 0};
  EXPECT_FALSE(Choose(head, 128, 10).earlier.empty());
  EXPECT_TRUE(Choose(head, 128, 10, true).earlier.empty());
  // Of 138 rows the last 64 begin at 74.
  const JointChoice before = selector_.Choose({&span_, 64, 64, head}, queries_.data(), {});
  EXPECT_TRUE(before.earlier.empty());
  EXPECT_EQ(before.dense_start, 0);
  EXPECT_FALSE(selector_.Choose({&span_, 0, 64, head}, queries_.data(), {}).earlier.empty());
}

TEST_P(JointSelectorTest, TheWindowNeverLeavesAGapBeforeWhatIsNotIndexed) {
  Read(500, Attention::kDense);
  EXPECT_EQ(Choose({3, 1}, 320, 64).dense_start, 448);
}

TEST_P(JointSelectorTest, ShortTextsAreReadWhole) {
  Read(kBudget + kRunTokens + kWindow, Attention::kDense);
  const JointChoice choice = Choose({3, 1}, 0, 10);
  EXPECT_EQ(choice.dense_start, 0);
  EXPECT_TRUE(choice.earlier.empty());
}

TEST_P(JointSelectorTest, RowsAttendToWhatTheyChose) {
  Read(500, Attention::kDense);
  const JointChoice first = Choose({4, 0}, 0, 64);
  const auto tokens = Seen(first, 500 + 3);
  EXPECT_LT(tokens.size(), 400u);
  const auto outputs = Read(90, Attention::kJoint);
  // Both KV heads chose for themselves: of this row, compare the first one's heads alone.
  const auto want = PlainAttention(sequence_, 4, 503, tokens);
  const size_t group = static_cast<size_t>(kTestShape.group_heads()) * kTestShape.head_dim;
  for (size_t i = 0; i < group; ++i) ASSERT_NEAR(outputs[4][3 * want.size() + i], want[i], 4e-3);
  ExpectRow(outputs, 0, 3, AllTokens(504), 503);  // dense heads
}

TEST_P(JointSelectorTest, RunsAreForgottenByAnAnswerAndMadeAnew) {
  Read(500, Attention::kDense);
  Read(64, Attention::kJoint);
  const auto num_runs = [this] { return sequence_.cache.runs().num_runs(); };
  EXPECT_EQ(num_runs(), 500 / kRunTokens);
  Read(1, Attention::kSelected);
  EXPECT_EQ(num_runs(), 0);
  EXPECT_FALSE(Choose({4, 0}, 0, 64).earlier.empty());
  EXPECT_EQ(num_runs(), 565 / kRunTokens);
}

// They are read in parts.
TEST_P(JointSelectorTest, RowsAttendToAllOfManyTokensThatTheyChose) {
  sequence_.cache =
      SemanticCache(kTestShape, Method(), &pool_, TestDelimiters(),
                    {.threads = 2, .joint = {{.budget_tokens = 1400, .window = kWindow}, {}}});
  Read(2000, Attention::kDense);
  const JointChoice choice = Choose({2, 0}, 0, 64);
  const auto tokens = Seen(choice, 2003);
  EXPECT_GT(choice.earlier.size(), 1u);
  EXPECT_GT(tokens.size(), 1600u);
  EXPECT_LT(tokens.size(), 1990u);
  const auto outputs = Read(90, Attention::kJoint);
  const auto want = PlainAttention(sequence_, 2, 2003, tokens);
  const size_t group = static_cast<size_t>(kTestShape.group_heads()) * kTestShape.head_dim;
  for (size_t i = 0; i < group; ++i) ASSERT_NEAR(outputs[2][3 * want.size() + i], want[i], 4e-3);
  // In one call, to the bit: not a token is lost or read twice where parts meet.
  const PinnedPages pages(sequence_.cache.pages(), 2, 0);  // which do not move
  std::vector<float> once(64 * want.size());
  AlignedBuffer<float> scratch(
      CausalAttentionScratch(kTestShape.head_dim, kTestShape.head_dim, kTestShape.group_heads()));
  const int64_t stride = int64_t{kTestShape.num_heads} * kTestShape.head_dim;
  CausalAttention({.queries = queries_.data(),
                   .query_row_stride = stride,
                   .rows = 64,
                   .group_heads = kTestShape.group_heads(),
                   .scale = kTestShape.Scale(),
                   .first_position = 2000,
                   .dense_start = choice.dense_start,
                   .earlier = choice.earlier.data(),
                   .num_earlier = static_cast<int>(choice.earlier.size()),
                   .kv = pages.view(),
                   .outputs = once.data(),
                   .output_row_stride = stride},
                  scratch.data());
  for (size_t row = 0; row < 64; ++row) {
    for (size_t i = 0; i < group; ++i) {
      ASSERT_EQ(outputs[2][row * want.size() + i], once[row * want.size() + i]) << row;
    }
  }
}

TEST_P(JointSelectorTest, ABudgetForAllOfItEqualsDenseAttention) {
  sequence_.cache = SemanticCache(kTestShape, Method(), &pool_, TestDelimiters(),
                                  {.threads = 2, .joint = {{10000, kWindow}, {}}});
  Read(400, Attention::kJoint);
  const auto outputs = Read(70, Attention::kJoint);
  for (const int row : {0, 63, 69}) ExpectRow(outputs, 5, row, AllTokens(401 + row), 400 + row);
}

// What 8 alike keys have in common is their mean: the run that all rows want is among the chosen.
TEST_P(JointSelectorTest, TheRunThatHoldsTheMassIsChosen) {
  sequence_.keys = RandomRows(77, 1, kRunTokens);
  Read(500, Attention::kDense);
  const LayerHead head{2, 1};
  const JointChoice choice = Choose(head, 0, 1);
  // The one query's best run by its true keys.
  int64_t best = -1;
  double most = -INFINITY;
  for (int64_t run = 1; run < choice.dense_start / kRunTokens; ++run) {
    const auto key = sequence_.keys.Rows(head.layer, run * kRunTokens, 1, kTestShape.kv_heads);
    for (int j = 0; j < kTestShape.group_heads(); ++j) {
      double score = 0;
      const int h = head.kv_head * kTestShape.group_heads() + j;
      for (int i = 0; i < kTestShape.head_dim; ++i) {
        score += double{queries_[h * kTestShape.head_dim + i]} *
                 key[head.kv_head * kTestShape.head_dim + i];
      }
      if (score > most) best = run, most = score;
    }
  }
  bool found = false;
  for (const TokenRange& range : choice.earlier) {
    found |= range.start <= best * kRunTokens && best * kRunTokens < range.end;
  }
  EXPECT_TRUE(found);
}

TEST_P(JointSelectorTest, ForksShareTheIndexAndGoTheirOwnWays) {
  Read(500, Attention::kJoint);
  Read(100, Attention::kJoint);
  TestSequence fork = sequence_;
  const auto here = Read(80, Attention::kJoint);
  const auto there = RunPass(&batch_, {{&fork, 80, Attention::kJoint}}, GetParam());
  EXPECT_EQ(here, there);
  EXPECT_EQ(fork.cache.runs().num_runs(), 600 / kRunTokens);
}

TEST_P(JointSelectorTest, JointRowsHaveNoVotes) {
  for (const Policy policy : {Policy::kH2o, Policy::kSnapKv}) {
    Method method;
    method.policy = policy;
    sequence_.cache.SetMethod(method);
    const Status status = sequence_.cache.Begin(TestTokens(0, 5), Attention::kJoint);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  }
  sequence_.cache.SetMethod(Method());
  Read(100, Attention::kDense);
  Method snapkv;
  snapkv.policy = Policy::kSnapKv;
  EXPECT_TRUE(sequence_.cache.CanUse(snapkv));
  Read(100, Attention::kJoint);
  EXPECT_FALSE(sequence_.cache.CanUse(snapkv));
}

INSTANTIATE_TEST_SUITE_P(Workers, JointSelectorTest, ::testing::Values(1, 3));

}  // namespace
}  // namespace dynsplit
