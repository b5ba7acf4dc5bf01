#include "index/block_index.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "golden/reference/golden.h"
#include "kernels/f16.h"
#include "kernels/kernel_fixture.h"
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

TEST_F(BlockIndexTest, EqualsTheSpecification) {
  Rng rng(0);
  for (const nlohmann::json& c : ReadGolden("selections.json")) {
    const auto keys = c["keys"].get<std::vector<std::vector<std::vector<float>>>>();
    const auto want =
        c["summaries"].get<std::vector<std::vector<std::vector<std::vector<float>>>>>();
    const int vectors = c["vectors"];
    std::vector<Block> blocks;
    for (const auto& block : c["blocks"]) {
      const int32_t start = block[0];
      blocks.push_back({start, block[1].get<int32_t>() - start});
    }
    std::vector<RandomPages> pages;
    std::vector<KvView> views;
    for (const auto& head : keys) {
      pages.emplace_back(rng, static_cast<int64_t>(head.size()), kHeadDim);
      for (size_t t = 0; t < head.size(); ++t) {
        std::transform(head[t].begin(), head[t].end(), pages.back().Key(static_cast<int64_t>(t)),
                       F16FromF32);
      }
    }
    for (const RandomPages& head : pages) views.push_back(head.View());
    BlockIndex index({1, static_cast<int>(keys.size()), kHeadDim, vectors, Summary::kMean});
    index.Reserve(static_cast<int64_t>(blocks.size()));
    index.Fill(0, 0, blocks, views);
    for (size_t g = 0; g < keys.size(); ++g) {
      const f16* got = index.Summaries(0, 0, static_cast<int>(g));
      for (const auto& block : want[g]) {
        for (const auto& vector : block) {
          for (const float value : vector) EXPECT_NEAR(F32FromF16(*got++), value, 2e-3);
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
