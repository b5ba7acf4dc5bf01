#include "cache/semantic_cache.h"

#include <gtest/gtest.h>

#include "cache/cache_fixture.h"

namespace dynsplit {
namespace {

class SemanticCacheTest : public ::testing::Test {
 protected:
  // Blocks partition [0, end of the last one).
  static void ExpectPartition(std::span<const Block> blocks) {
    int32_t end = 0;
    for (const Block& block : blocks) {
      EXPECT_EQ(block.start, end);
      EXPECT_GT(block.length, 0);
      end = block.end();
    }
  }

  PagePool pool_{kTestShape.head_dim};
  AttentionBatch batch_{kTestShape, 2};
};

TEST_F(SemanticCacheTest, CutsWhenAQueryFirstSelects) {
  TestSequence sequence(&pool_, Method{});
  RunPass(&batch_, {{&sequence, 400, Attention::kDense}}, 2);
  EXPECT_TRUE(sequence.cache.blocks().empty());
  RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2);
  const auto blocks = sequence.cache.blocks();
  ExpectPartition(blocks);
  ASSERT_GT(blocks.size(), 2u);
  EXPECT_EQ(blocks[0].length, 4);                      // the sink
  EXPECT_LE(blocks.back().end(), 400 - 64);            // recent is not cut
  EXPECT_GT(blocks.back().end(), 400 - 64 - 16 * 20);  // but what is older is, nearly
  EXPECT_EQ(sequence.cache.index().num_blocks(), static_cast<int64_t>(blocks.size()));
}

TEST_F(SemanticCacheTest, GeneratedTokensAreCutOnceTheyAreOld) {
  TestSequence sequence(&pool_, Method{});
  RunPass(&batch_, {{&sequence, 300, Attention::kDense}}, 2);
  RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2);
  const std::vector<Block> before(sequence.cache.blocks().begin(), sequence.cache.blocks().end());
  for (int i = 0; i < 400; ++i) RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2);
  const auto after = sequence.cache.blocks();
  ExpectPartition(after);
  ASSERT_GT(after.size(), before.size());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i].start, before[i].start);
    EXPECT_EQ(after[i].length, before[i].length);
  }
  EXPECT_EQ(sequence.cache.size(), 701);
}

TEST_F(SemanticCacheTest, ShortTextsHaveNoBlocks) {
  TestSequence sequence(&pool_, Method{});
  RunPass(&batch_, {{&sequence, 2, Attention::kDense}}, 2);
  RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2);
  EXPECT_TRUE(sequence.cache.blocks().empty());
  EXPECT_EQ(batch_.AttendedTokens(0), 3 * kTestShape.num_layers * kTestShape.kv_heads);
}

TEST_F(SemanticCacheTest, CutAllCoversEverything) {
  for (const char* name : {"quest", "sentence", "dynsplit"}) {
    TestSequence sequence(&pool_, MethodPreset(name).value());
    RunPass(&batch_, {{&sequence, 257, Attention::kDense}}, 2);
    const auto blocks = sequence.cache.CutAll().value();
    ExpectPartition(blocks);
    EXPECT_EQ(blocks.back().end(), 257) << name;
  }
}

// Every way of weighing a cut by more than its class.
std::vector<Method> MixedMethods() {
  std::vector<Method> all;
  for (const float candidate : {0.0f, 0.5f}) {
    for (const float scatter : {0.0f, 0.5f, 1.0f}) {
      for (const Search search : {Search::kGreedy, Search::kOptimal}) {
        Method method;
        method.split.candidate = candidate;
        method.split.scatter = scatter;
        method.split.search = search;
        all.push_back(method);
      }
    }
  }
  return all;
}

TEST_F(SemanticCacheTest, MixedWeightsPartitionTheTokens) {
  for (const Method& method : MixedMethods()) {
    TestSequence sequence(&pool_, method);
    RunPass(&batch_, {{&sequence, 400, Attention::kDense}}, 2);
    const auto all = sequence.cache.CutAll().value();
    ExpectPartition(all);
    EXPECT_EQ(all.back().end(), 400);
    RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2);
    const auto blocks = sequence.cache.blocks();
    ExpectPartition(blocks);
    EXPECT_GT(blocks.size(), 10u);
    for (const Block& block : blocks) EXPECT_TRUE(std::isfinite(block.weight));
  }
}

// Whatever is cut early is cut alike when more of the text is known: with `recent` shorter than
// what a cut's weight looks ahead.
TEST_F(SemanticCacheTest, LaterTextChangesNoBlock) {
  for (Method method : MixedMethods()) {
    method.recent = 1;
    TestSequence early(&pool_, method);
    RunPass(&batch_, {{&early, 300, Attention::kDense}}, 2);
    TestSequence late = early;
    // Both learn of the first 300 tokens alone.
    ASSERT_TRUE(early.cache.CutAll().ok());
    ASSERT_TRUE(late.cache.CutAll().ok());
    RunPass(&batch_, {{&early, 1, Attention::kSelected}}, 2);
    RunPass(&batch_, {{&late, 200, Attention::kDense}}, 2);
    RunPass(&batch_, {{&late, 1, Attention::kSelected}}, 2);
    const auto first = early.cache.blocks(), whole = late.cache.blocks();
    ASSERT_LT(first.size(), whole.size());
    for (size_t i = 0; i < first.size(); ++i) {
      ASSERT_EQ(first[i].end(), whole[i].end()) << i;
      ASSERT_EQ(first[i].weight, whole[i].weight) << i;
    }
  }
}

TEST_F(SemanticCacheTest, ScatterCutsWhereTheKeysChange) {
  TestSequence sequence(&pool_, ParseMethod("scatter+block=12+range=8").value());
  // Keys change after every 10th token, and nowhere else.
  sequence.keys = RandomRows(5, 1, 10);
  RunPass(&batch_, {{&sequence, 400, Attention::kDense}}, 2);
  const auto blocks = sequence.cache.CutAll().value();
  for (size_t i = 1; i + 1 < blocks.size(); ++i) EXPECT_EQ(blocks[i].end() % 10, 0) << i;
}

TEST_F(SemanticCacheTest, AnotherMethodCutsTheSameTextAnew) {
  TestSequence sequence(&pool_, MethodPreset("dynsplit").value());
  RunPass(&batch_, {{&sequence, 400, Attention::kDense}}, 2);
  RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2);
  sequence.cache.SetMethod(MethodPreset("quest").value());
  EXPECT_TRUE(sequence.cache.blocks().empty());
  RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2);
  const auto blocks = sequence.cache.blocks();
  ASSERT_GT(blocks.size(), 2u);
  EXPECT_EQ(blocks[1].length, 16);
  EXPECT_EQ(blocks[2].length, 16);
  EXPECT_EQ(sequence.cache.index().shape().kind, Summary::kMinMax);
}

TEST_F(SemanticCacheTest, ForksGoTheirOwnWays) {
  TestSequence sequence(&pool_, Method{});
  RunPass(&batch_, {{&sequence, 400, Attention::kDense}}, 2);
  const size_t used = pool_.used_bytes();
  TestSequence fork = sequence;
  EXPECT_EQ(pool_.used_bytes(), used);
  fork.values = RandomRows(77);  // what the fork writes from here on differs
  RunPass(&batch_, {{&fork, 30, Attention::kDense}}, 2);
  RunPass(&batch_, {{&fork, 1, Attention::kSelected}}, 2);
  // The first one never notices.
  TestSequence fresh(&pool_, Method{});
  RunPass(&batch_, {{&fresh, 400, Attention::kDense}}, 2);
  EXPECT_EQ(RunPass(&batch_, {{&sequence, 2, Attention::kSelected}}, 2),
            RunPass(&batch_, {{&fresh, 2, Attention::kSelected}}, 2));
}

TEST_F(SemanticCacheTest, WhatIsTooShortOrNotDenseCannotBeTruncated) {
  TestSequence sequence(&pool_, Method{});
  RunPass(&batch_, {{&sequence, 40, Attention::kDense}}, 2);
  EXPECT_FALSE(sequence.cache.Truncate(kVoteWindow));
  EXPECT_EQ(sequence.cache.size(), 40);
  RunPass(&batch_, {{&sequence, 100, Attention::kDense}}, 2);
  TestSequence fork = sequence;
  ASSERT_TRUE(fork.cache.Truncate(1000));  // all there is
  EXPECT_EQ(fork.cache.size(), 140 - kVoteWindow);
  RunPass(&batch_, {{&sequence, 1, Attention::kSelected}}, 2);
  RunPass(&batch_, {{&sequence, 100, Attention::kDense}}, 2);
  EXPECT_FALSE(sequence.cache.Truncate(200));
}

TEST_F(SemanticCacheTest, AnUncommittedPassLeavesNoTrace) {
  TestSequence sequence(&pool_, Method{});
  RunPass(&batch_, {{&sequence, 100, Attention::kDense}}, 2);
  ASSERT_TRUE(sequence.cache.Begin(TestTokens(100, 200), Attention::kDense).ok());
  EXPECT_EQ(sequence.cache.size(), 100);  // given up here
  const auto outputs = RunPass(&batch_, {{&sequence, 2, Attention::kDense}}, 2);
  const auto want = PlainAttention(sequence, 3, 101, AllTokens(102));
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(outputs[3][want.size() + i], want[i], 4e-3);
  }
}

TEST_F(SemanticCacheTest, RunsOutOfPagesWithAStatus) {
  PagePool small(kTestShape.head_dim, 256 * pool_.page_bytes());
  SemanticCache cache(kTestShape, Method{}, &small, TestDelimiters(), {});
  const Status status = cache.Begin(TestTokens(0, 4096), Attention::kDense);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(cache.size(), 0);
}

TEST_F(SemanticCacheTest, ImportanceCountsTheDelimitersOfTheText) {
  TestSequence sequence(&pool_, Method{});
  RunPass(&batch_, {{&sequence, 400, Attention::kDense}}, 2);
  const ClassImportance& learned = sequence.cache.Importance();
  EXPECT_GT(learned.count[static_cast<size_t>(DelimiterClass::kNewline)], 5);
  for (const double weight : learned.weight) EXPECT_TRUE(std::isfinite(weight));
}

}  // namespace
}  // namespace dynsplit
