#include "cache/attention_batch.h"

#include <gtest/gtest.h>

#include <set>

#include "cache/cache_fixture.h"

namespace dynsplit {
namespace {

constexpr double kTolerance = 4e-3;  // keys and values are rounded to f16

Method TestMethod(Policy policy) {
  Method method;
  method.policy = policy;
  method.sink = 4;
  method.recent = 16;
  method.dense_layers = 2;
  method.budget = {.tokens = 100};
  method.split.splitter = Splitter::kUniform;
  method.split.block_tokens = 8;
  method.split.search_range = 4;
  return method;
}

class AttentionBatchTest : public ::testing::TestWithParam<int> {
 protected:
  void ExpectRow(const TestSequence& sequence, const std::vector<std::vector<float>>& outputs,
                 int layer, int row, int64_t position, const std::vector<int64_t>& tokens) {
    const auto want = PlainAttention(sequence, layer, position, tokens);
    for (size_t i = 0; i < want.size(); ++i) {
      ASSERT_NEAR(outputs[layer][row * want.size() + i], want[i], kTolerance)
          << "layer " << layer << " row " << row << " element " << i;
    }
  }

  PagePool pool_{kTestShape.head_dim};
  AttentionBatch batch_{kTestShape, GetParam()};
};

TEST_P(AttentionBatchTest, DensePassEqualsPlainAttention) {
  TestSequence sequence(&pool_, TestMethod(Policy::kTop));
  const auto outputs = RunPass(&batch_, {{&sequence, 150, Attention::kDense}}, GetParam());
  for (const int layer : {0, 5}) {
    for (const int row : {0, 1, 63, 64, 149}) {
      ExpectRow(sequence, outputs, layer, row, row, AllTokens(row + 1));
    }
  }
}

TEST_P(AttentionBatchTest, LaterPassesSeeEarlierOnes) {
  TestSequence sequence(&pool_, TestMethod(Policy::kAll));
  RunPass(&batch_, {{&sequence, 70, Attention::kDense}}, GetParam());
  RunPass(&batch_, {{&sequence, 600, Attention::kDense}}, GetParam());
  const auto chunk = RunPass(&batch_, {{&sequence, 3, Attention::kDense}}, GetParam());
  ExpectRow(sequence, chunk, 3, 1, 671, AllTokens(672));
  // One row takes the way of decoding, whose keys are shared out in parts.
  const auto dense = RunPass(&batch_, {{&sequence, 1, Attention::kDense}}, GetParam());
  ExpectRow(sequence, dense, 3, 0, 673, AllTokens(674));
  const auto decode = RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, GetParam());
  ExpectRow(sequence, decode, 3, 0, 674, AllTokens(675));
}

TEST_P(AttentionBatchTest, RecentPolicySeesSinkAndRecentOnly) {
  TestSequence sequence(&pool_, TestMethod(Policy::kRecent));
  RunPass(&batch_, {{&sequence, 200, Attention::kDense}}, GetParam());
  const auto outputs = RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, GetParam());
  std::vector<int64_t> tokens = {0, 1, 2, 3};
  for (int64_t t = 201 - 16; t <= 200; ++t) tokens.push_back(t);
  ExpectRow(sequence, outputs, 4, 0, 200, tokens);
  ExpectRow(sequence, outputs, 1, 0, 200, AllTokens(201));  // a dense layer
  EXPECT_EQ(batch_.AttendedTokens(0), kTestShape.kv_heads * (4 * 20 + 2 * 201));
}

TEST_P(AttentionBatchTest, SelectedRowAttendsWithinItsBudget) {
  TestSequence sequence(&pool_, TestMethod(Policy::kTop));
  RunPass(&batch_, {{&sequence, 700, Attention::kDense}}, GetParam());
  const auto outputs = RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, GetParam());
  const auto blocks = sequence.cache.blocks();
  ASSERT_GT(blocks.size(), 20u);
  const int64_t recent =
      701 - sequence.cache.blocks()[sequence.cache.BlocksBefore(701 - 16) - 1].end();
  EXPECT_GE(recent, 16);
  // Sink, recent and at most the budget in each selecting layer and head; something was chosen.
  const int64_t selecting = batch_.AttendedTokens(0) - 2 * kTestShape.kv_heads * 701;
  EXPECT_LE(selecting, 4 * kTestShape.kv_heads * (4 + 16 + 100));
  EXPECT_GT(selecting, 4 * kTestShape.kv_heads * (4 + recent));
  ExpectRow(sequence, outputs, 0, 0, 700, AllTokens(701));
}

// Single tokens whose keys and values are shared out in several parts.
TEST_P(AttentionBatchTest, ManyTokensAreAttendedToInParts) {
  Method method = TestMethod(Policy::kTop);
  method.budget = {.tokens = 3000};
  TestSequence sequence(&pool_, method);
  RunPass(&batch_, {{&sequence, 2000, Attention::kDense}}, GetParam());
  const auto outputs = RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, GetParam());
  ExpectRow(sequence, outputs, 4, 0, 2000, AllTokens(2001));
  EXPECT_EQ(batch_.AttendedTokens(0), kTestShape.kv_heads * 6 * 2001);
}

// Of 2,600 tokens: keys and values in parts, against one worker alone.
TEST_P(AttentionBatchTest, ChosenTokensDoNotDependOnTheWorkers) {
  Method method = TestMethod(Policy::kTop);
  method.budget = {.tokens = 600};
  std::vector<std::vector<std::vector<float>>> outputs;
  for (const int workers : {1, GetParam()}) {
    TestSequence sequence(&pool_, method);
    AttentionBatch batch(kTestShape, workers);
    RunPass(&batch, {{&sequence, 2600, Attention::kDense}}, workers);
    outputs.push_back(RunPass(&batch, {{&sequence, 1, Attention::kSelected}}, workers));
    EXPECT_GE(batch.AttendedTokens(0), kTestShape.kv_heads * (4 * 620 + 2 * 2601));
  }
  for (size_t layer = 0; layer < outputs[0].size(); ++layer) {
    for (size_t i = 0; i < outputs[0][layer].size(); ++i) {
      ASSERT_NEAR(outputs[0][layer][i], outputs[1][layer][i], 1e-5) << layer << " " << i;
    }
  }
}

// One KV head of a layer attends to everything, alone; no whole layer does.
TEST_P(AttentionBatchTest, DenseHeadsAttendToEverythingInPlaceOfDenseLayers) {
  constexpr LayerHead kDense = {3, 1};
  Method method = TestMethod(Policy::kTop);
  method.dense_heads = {kDense};
  for (const int rows : {1, 5}) {
    TestSequence sequence(&pool_, method);
    RunPass(&batch_, {{&sequence, 700, Attention::kDense}}, GetParam());
    const auto outputs = RunPass(&batch_, {{&sequence, rows, Attention::kSelected}}, GetParam());
    const size_t head_size = static_cast<size_t>(kTestShape.group_heads()) * kTestShape.head_dim;
    for (const int layer : {0, 3}) {
      for (int row = 0; row < rows; ++row) {
        const auto want = PlainAttention(sequence, layer, 700 + row, AllTokens(701 + row));
        for (int g = 0; g < kTestShape.kv_heads; ++g) {
          double error = 0;
          for (size_t i = g * head_size; i < (g + 1) * head_size; ++i) {
            error =
                std::max<double>(error, std::abs(outputs[layer][row * want.size() + i] - want[i]));
          }
          const bool dense = LayerHead{layer, g} == kDense;
          EXPECT_EQ(error < kTolerance, dense) << layer << "." << g << ": " << error;
        }
      }
    }
    const int64_t selecting = batch_.AttendedTokens(0) - rows * 701 - rows * (rows - 1) / 2;
    EXPECT_LE(selecting, rows * (6 * kTestShape.kv_heads - 1) * (4 + 16 + 100));
  }
}

// The first step chooses as it would alone, the next ones among the blocks it found best.
TEST_P(AttentionBatchTest, StepsLookAtTheSameBlocksForAWhile) {
  const auto steps = [&](const char* spec) {
    TestSequence sequence(&pool_, *ParseMethod(spec));
    RunPass(&batch_, {{&sequence, 1500, Attention::kDense}}, GetParam());
    std::vector<std::vector<std::vector<float>>> outputs;
    for (int step = 0; step < 4; ++step) {
      outputs.push_back(RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, GetParam()));
    }
    return outputs;
  };
  const auto each = steps("dynsplit+budget=40+reuse=1"),
             reused = steps("dynsplit+budget=40+reuse=3+cosine=-1");
  EXPECT_EQ(each[0], reused[0]);
  EXPECT_NE(each[1], reused[1]);
  EXPECT_NE(each[2], reused[2]);
  EXPECT_EQ(each[3], reused[3]);  // anew
  // The queries of these steps have nothing in common.
  EXPECT_EQ(each, steps("dynsplit+budget=40+reuse=3"));
}

// At this cosine some heads of a layer turn with each step and some do not.
TEST_P(AttentionBatchTest, HeadsReuseBlocksEachForItself) {
  const auto step = [&](const char* spec, int workers) {
    TestSequence sequence(&pool_, *ParseMethod(spec));
    RunPass(&batch_, {{&sequence, 1500, Attention::kDense}}, workers);
    RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, workers);
    return RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, workers);
  };
  const auto some = step("dynsplit+budget=40+cosine=-0.1", GetParam());
  const auto each = step("dynsplit+budget=40+reuse=1", GetParam());
  const auto reused = step("dynsplit+budget=40+cosine=-1", GetParam());
  const size_t head_size = static_cast<size_t>(kTestShape.GroupHeads(0) * kTestShape.head_dim);
  int turned = 0, kept = 0;
  for (size_t layer = 0; layer < some.size(); ++layer) {
    for (size_t i = 0; i < some[layer].size(); i += head_size) {
      const auto of = [&](const auto& outputs) {
        return std::span(outputs[layer]).subspan(i, head_size);
      };
      const bool looks_anew = std::ranges::equal(of(some), of(each));
      EXPECT_TRUE(looks_anew || std::ranges::equal(of(some), of(reused))) << layer << " " << i;
      if (std::ranges::equal(of(each), of(reused))) continue;
      (looks_anew ? turned : kept)++;
    }
  }
  EXPECT_GT(turned, 0);
  EXPECT_GT(kept, 0);
}

TEST_P(AttentionBatchTest, ForksReuseBlocksAlikeAndApart) {
  TestSequence sequence(&pool_, *ParseMethod("dynsplit+budget=40+reuse=3+cosine=-1"));
  RunPass(&batch_, {{&sequence, 1500, Attention::kDense}}, GetParam());
  RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, GetParam());
  TestSequence fork = sequence, other = sequence;
  // It chooses anew and must not change what the others look at.
  for (int step = 0; step < 4; ++step) {
    RunPass(&batch_, {{&other, 1, Attention::kSelected}}, GetParam());
  }
  // A pass that is not committed leaves no trace.
  ASSERT_TRUE(sequence.cache.Begin(TestTokens(1501, 1), Attention::kSelected).ok());
  for (int step = 0; step < 4; ++step) {
    EXPECT_EQ(RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, GetParam()),
              RunPass(&batch_, {{&fork, 1, Attention::kSelected}}, GetParam()))
        << step;
  }
}

TEST_P(AttentionBatchTest, EvictionLeavesDenseHeadsWhole) {
  Method method = *MethodPreset("snapkv");  // single tokens: they fill the budget
  method.recent = 16;
  method.budget = {.tokens = 100};
  method.dense_heads = {{2, 0}};
  TestSequence sequence(&pool_, method);
  RunPass(&batch_, {{&sequence, 300, Attention::kDense}}, GetParam());
  RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, GetParam());
  EXPECT_EQ(batch_.AttendedTokens(0), 301 + (6 * kTestShape.kv_heads - 1) * (4 + 16 + 100));
}

TEST_P(AttentionBatchTest, BudgetOfEverythingEqualsDenseForEverySplitter) {
  for (const char* name : {"fixed-mean", "quest", "sentence", "delimiter:newline", "random",
                           "oracle", "snapkv", "h2o", "dynsplit"}) {
    Method method = MethodPreset(name).value();
    method.budget = {.tokens = 100000};
    TestSequence sequence(&pool_, method);
    RunPass(&batch_, {{&sequence, 333, Attention::kDense}}, GetParam());
    const auto outputs = RunPass(&batch_, {{&sequence, 5, Attention::kSelected}}, GetParam());
    ASSERT_GT(sequence.cache.blocks().size(), 1u) << name;
    for (int row = 0; row < 5; ++row) {
      ExpectRow(sequence, outputs, 3, row, 333 + row, AllTokens(334 + row));
    }
    EXPECT_EQ(batch_.AttendedTokens(0), 6 * kTestShape.kv_heads * (334 + 335 + 336 + 337 + 338));
  }
}

TEST_P(AttentionBatchTest, OracleLosesLessThanRandomBlocks) {
  std::vector<double> errors;
  for (const Policy policy : {Policy::kOracle, Policy::kRandom}) {
    TestSequence sequence(&pool_, TestMethod(policy));
    sequence.queries = RandomRows(1, 20);  // attention with few peaks
    RunPass(&batch_, {{&sequence, 400, Attention::kDense}}, GetParam());
    const auto outputs = RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, GetParam());
    EXPECT_LE(batch_.AttendedTokens(0), kTestShape.kv_heads * (2 * 401 + 4 * (4 + 16 + 100)));
    double error = 0;
    for (const int layer : {2, 3, 4, 5}) {
      const auto want = PlainAttention(sequence, layer, 400, AllTokens(401));
      for (size_t i = 0; i < want.size(); ++i) {
        error += (outputs[layer][i] - want[i]) * (outputs[layer][i] - want[i]);
      }
    }
    errors.push_back(error);
  }
  EXPECT_LT(errors[0], 0.1 * errors[1]);
}

TEST_P(AttentionBatchTest, Int8SummariesAndMassBudgetsReachTheCache) {
  Method method = TestMethod(Policy::kTop);
  method.summary_type = SummaryType::kInt8;
  method.budget = {.tokens = 100000, .mass = 0.3};
  TestSequence sequence(&pool_, method);
  RunPass(&batch_, {{&sequence, 400, Attention::kDense}}, GetParam());
  RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, GetParam());
  EXPECT_EQ(sequence.cache.index().shape().type, SummaryType::kInt8);
  EXPECT_LT(batch_.AttendedTokens(0), 5 * kTestShape.kv_heads * 401);
}

TEST_P(AttentionBatchTest, SequencesInOnePassDoNotDisturbEachOther) {
  std::vector<std::unique_ptr<TestSequence>> alone, together;
  for (int i = 0; i < 3; ++i) {
    alone.push_back(std::make_unique<TestSequence>(&pool_, TestMethod(Policy::kTop), 100 + i));
    together.push_back(std::make_unique<TestSequence>(&pool_, TestMethod(Policy::kTop), 100 + i));
    RunPass(&batch_, {{alone[i].get(), 120 + 50 * i, Attention::kDense}}, GetParam());
    RunPass(&batch_, {{together[i].get(), 120 + 50 * i, Attention::kDense}}, GetParam());
  }
  // A decoded row, a prefill chunk and a restricted question, mixed.
  const std::vector<std::pair<int, Attention>> kinds = {
      {1, Attention::kSelected}, {70, Attention::kDense}, {9, Attention::kSelected}};
  std::vector<TestPass> passes;
  for (int i = 0; i < 3; ++i)
    passes.push_back({together[i].get(), kinds[i].first, kinds[i].second});
  const auto mixed = RunPass(&batch_, passes, GetParam());
  std::vector<std::vector<float>> single(kTestShape.num_layers);
  for (int i = 0; i < 3; ++i) {
    const auto one =
        RunPass(&batch_, {{alone[i].get(), kinds[i].first, kinds[i].second}}, GetParam());
    for (int layer = 0; layer < kTestShape.num_layers; ++layer) {
      single[layer].insert(single[layer].end(), one[layer].begin(), one[layer].end());
    }
  }
  EXPECT_EQ(mixed, single);  // to the bit
}

TEST_P(AttentionBatchTest, ResultsDoNotDependOnTheNumberOfWorkers) {
  std::vector<std::vector<std::vector<float>>> results;
  for (const int workers : {1, GetParam()}) {
    AttentionBatch batch(kTestShape, workers);
    TestSequence sequence(&pool_, TestMethod(Policy::kTop));
    RunPass(&batch, {{&sequence, 900, Attention::kDense}}, workers);
    results.push_back(RunPass(&batch, {{&sequence, 3, Attention::kSelected}}, workers));
  }
  EXPECT_EQ(results[0], results[1]);
}

TEST_P(AttentionBatchTest, ObservedMassOfAFewTokensIsAllTheMass) {
  // Within window and sink everything is observed: each row's mass is one per head.
  for (const Observation observation : {Observation{}, Observation{.window = 8, .retained = 50}}) {
    AttentionBatch batch(kTestShape, GetParam(), observation);
    TestSequence sequence(&pool_, TestMethod(Policy::kAll), 1, observation);
    RunPass(&batch, {{&sequence, 60, Attention::kDense}}, GetParam());
    const auto mass = batch.ObservedOf(0).mass;
    const int mass_row = observation.mass_row();
    ASSERT_EQ(mass.size(), static_cast<size_t>(60 * mass_row));
    for (int row = 0; row < 60; ++row) {
      double sum = 0;
      for (int i = 0; i < mass_row; ++i) sum += mass[row * mass_row + i];
      EXPECT_NEAR(sum, batch.observed_heads(), 0.02 * batch.observed_heads()) << row;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Workers, AttentionBatchTest, ::testing::Values(1, 2, 5));

}  // namespace
}  // namespace dynsplit
