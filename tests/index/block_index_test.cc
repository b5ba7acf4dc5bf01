#include "index/block_index.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "golden/reference/selection_case.h"
#include "kernels/summarize.h"

namespace dynsplit {
namespace {

constexpr int kHeadDim = 16;
constexpr int kLayers = 2;
constexpr int kHeads = 3;
constexpr int kVectors = 2;

// The keys of all layers and heads, and blocks of four tokens over them.
class BlockIndexTest : public testing::Test {
 protected:
  BlockIndexTest() {
    Rng rng(1);
    for (int i = 0; i < kLayers * kHeads; ++i) pages_.emplace_back(rng, 600, kHeadDim);
    for (int32_t start = 0; start < 600; start += 4) blocks_.push_back({start, 4});
  }

  static IndexShape Shape() { return {kLayers, kHeads, kHeadDim, kVectors, Summary::kMean}; }

  // Indexes blocks first..end-1 in every layer.
  void Add(int64_t first, int64_t end, BlockIndex* index) {
    index->Reserve(end);
    const auto added = std::span(blocks_).subspan(first, end - first);
    for (int layer = 0; layer < kLayers; ++layer) {
      std::vector<KvView> views;
      for (int g = 0; g < kHeads; ++g) views.push_back(pages_[layer * kHeads + g].View());
      index->Fill(layer, first, added, views);
    }
  }

  // Every summary as Summarize alone makes it; `source(block)` names the block it was made of.
  void ExpectSummaries(const BlockIndex& index, const std::vector<Block>& source) {
    for (int64_t block = 0; block < index.num_blocks(); ++block) {
      const int64_t chunk = block / kIndexChunkBlocks;
      for (int i = 0; i < kLayers * kHeads; ++i) {
        std::vector<f16> want(kVectors * kHeadDim);
        Summarize(Summary::kMean, pages_[i].View(), {source[block].start, source[block].end()},
                  kVectors, want.data());
        const f16* got = index.Summaries(chunk, i / kHeads, i % kHeads) +
                         block % kIndexChunkBlocks * kVectors * kHeadDim;
        ASSERT_TRUE(std::equal(want.begin(), want.end(), got)) << "block " << block << ", " << i;
      }
    }
  }

  std::vector<RandomPages> pages_;  // [kLayers * kHeads]
  std::vector<Block> blocks_;       // 150 blocks
};

TEST_F(BlockIndexTest, StartsEmpty) {
  const BlockIndex index(Shape());
  EXPECT_EQ(index.num_blocks(), 0);
  EXPECT_EQ(index.num_chunks(), 0);
  EXPECT_EQ(index.bytes(), 0u);
}

TEST_F(BlockIndexTest, HoldsTheSummaryOfEveryBlock) {
  BlockIndex index(Shape());
  Add(0, 150, &index);
  EXPECT_EQ(index.num_blocks(), 150);
  ASSERT_EQ(index.num_chunks(), 3);
  EXPECT_EQ(index.chunk_blocks(0), 64);
  EXPECT_EQ(index.chunk_blocks(1), 64);
  EXPECT_EQ(index.chunk_blocks(2), 22);
  EXPECT_EQ(index.bytes(),
            3 * sizeof(f16) * kLayers * kHeads * kIndexChunkBlocks * kVectors * kHeadDim);
  ExpectSummaries(index, blocks_);
}

TEST_F(BlockIndexTest, GrowsInPieces) {
  BlockIndex index(Shape());
  for (const auto& [first, end] : {std::pair{0, 1}, {1, 64}, {64, 64}, {64, 65}, {65, 150}}) {
    Add(first, end, &index);
  }
  ExpectSummaries(index, blocks_);
}

TEST_F(BlockIndexTest, AForkSharesUntilOneWrites) {
  BlockIndex index(Shape());
  Add(0, 70, &index);
  BlockIndex fork = index;
  EXPECT_EQ(fork.Summaries(1, 0, 0), index.Summaries(1, 0, 0));

  // The fork goes on with other blocks than the original.
  const std::vector<Block> original = blocks_;
  std::reverse(blocks_.begin() + 70, blocks_.end());
  Add(70, 100, &fork);
  EXPECT_EQ(fork.Summaries(0, 0, 0), index.Summaries(0, 0, 0)) << "full chunks stay shared";
  EXPECT_NE(fork.Summaries(1, 0, 0), index.Summaries(1, 0, 0));
  const std::vector<Block> forked = blocks_;
  blocks_ = original;
  Add(70, 90, &index);
  ExpectSummaries(index, original);
  ExpectSummaries(fork, forked);
}

TEST(BlockIndexGoldenTest, EqualsTheSpecification) {
  for (const nlohmann::json& c : ReadGolden("selections.json")) {
    const SelectionCase selection(c);
    int head = 0;
    for (const auto& blocks : c["summaries"]) {
      const f16* got = selection.index.Summaries(0, 0, head++);
      for (const auto& block : blocks) {
        for (const auto& vector : block) {
          for (const float want : vector) EXPECT_NEAR(F32FromF16(*got++), want, 2e-3);
        }
      }
    }
  }
}

TEST_F(BlockIndexTest, MisuseIsABug) {
  BlockIndex index(Shape());
  Add(0, 10, &index);
  const std::vector<KvView> views(kHeads, pages_[0].View());
  const auto one = std::span(blocks_).first(1);
  EXPECT_DEATH(index.Reserve(9), "check failed");
  EXPECT_DEATH(index.Fill(0, 10, one, views), "check failed");
  EXPECT_DEATH(index.Fill(kLayers, 0, one, views), "check failed");
  EXPECT_DEATH(index.Fill(0, 0, one, std::span(views).first(1)), "check failed");
  Add(10, 11, &index);
  EXPECT_DEATH(index.Fill(0, 9, one, views), "check failed");
}

}  // namespace
}  // namespace dynsplit
