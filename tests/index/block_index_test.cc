#include "index/block_index.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "golden/reference/selection_case.h"
#include "kernels/int2.h"
#include "kernels/quantize_summary.h"
#include "kernels/summarize.h"

namespace dynsplit {
namespace {

constexpr int kHeadDim = 16;
constexpr int kLayers = 2;
constexpr int kHeads = 3;
constexpr int kVectors = 2;
constexpr SummaryType kTypes[] = {SummaryType::kF16, SummaryType::kInt8, SummaryType::kInt2};

// The keys of all layers and heads, and blocks of four tokens over them.
class BlockIndexTest : public ::testing::Test {
 protected:
  BlockIndexTest() {
    Rng rng(1);
    for (int i = 0; i < kLayers * kHeads; ++i) pages_.emplace_back(rng, 600, kHeadDim);
    for (int32_t start = 0; start < 600; start += 4) blocks_.push_back({start, 4});
  }

  static IndexShape Shape(SummaryType type = SummaryType::kF16) {
    return {kLayers, kHeads, kHeadDim, kVectors, Summary::kMean, type};
  }

  // Indexes blocks first..end-1 in every layer.
  void Add(int64_t first, int64_t end, BlockIndex* index) { Add(blocks_, first, end, index); }
  void Add(const std::vector<Block>& source, int64_t first, int64_t end, BlockIndex* index) {
    index->Reserve(end);
    const auto added = std::span(source).subspan(first, end - first);
    for (int layer = 0; layer < kLayers; ++layer) {
      std::vector<KvView> views;
      for (int g = 0; g < kHeads; ++g) views.push_back(pages_[layer * kHeads + g].View());
      index->Fill(layer, first, added, views);
    }
  }

  // Every summary as Summarize, and the quantization, make it of source[block] alone.
  void ExpectSummaries(const BlockIndex& index, const std::vector<Block>& source) {
    for (int64_t block = 0; block < index.num_blocks(); ++block) {
      for (int i = 0; i < kLayers * kHeads; ++i) {
        std::vector<f16> want(kVectors * kHeadDim);
        Summarize(Summary::kMean, pages_[i].View(), {source[block].start, source[block].end()},
                  kVectors, want.data());
        const SummaryView got = index.Summaries(block, i / kHeads, i % kHeads);
        if (index.shape().type == SummaryType::kF16) {
          ASSERT_TRUE(std::equal(want.begin(), want.end(), got.f16s)) << block << ", " << i;
          continue;
        }
        if (index.shape().type == SummaryType::kInt2) {
          if (block == 0) continue;  // by another scale where it came alone, and never scored
          std::vector<uint8_t> codes(Int2Bytes(kHeadDim, kInt2Group));
          QuantizeInt2({want.data(), kVectors, kHeadDim}, got.int2_scale, 0, codes.data());
          for (int64_t v = 0; v < kVectors; ++v) {
            for (int j = 0; j < kHeadDim; ++j) {
              ASSERT_EQ(Int2Code(got.int2s, PlaceOfInt2(kHeadDim, got.int2_first + v, j)),
                        Int2Code(codes.data(), PlaceOfInt2(kHeadDim, v, j)))
                  << block << ", " << i;
            }
          }
          continue;
        }
        std::vector<int8_t> int8s(want.size());
        std::vector<float> scales(kVectors);
        QuantizeSummary({Summary::kMean, want.data(), kVectors, kHeadDim}, int8s.data(),
                        scales.data());
        ASSERT_TRUE(std::equal(int8s.begin(), int8s.end(), got.int8s)) << block << ", " << i;
        ASSERT_TRUE(std::equal(scales.begin(), scales.end(), got.scales)) << block << ", " << i;
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

// A large index has its chunks in slabs, in which its copies go on side by side.
TEST_F(BlockIndexTest, CopiesOfALargeOneGoOnEachForItself) {
  constexpr int kShared = 5800, kAll = 6200;  // a chunk has 24 KiB, a huge page 85 of them
  std::vector<Block> source, other;
  for (size_t i = 0; i < kAll; ++i) source.push_back(blocks_[i % blocks_.size()]);
  for (size_t i = 0; i < kAll; ++i) other.push_back(i < kShared ? source[i] : blocks_[7]);
  BlockIndex index(Shape());
  Add(source, 0, kShared, &index);
  BlockIndex copy = index;
  for (int first = kShared; first < kAll; first += 50) {
    Add(source, first, first + 50, &index);
    Add(other, first, first + 50, &copy);
  }
  ExpectSummaries(index, source);
  ExpectSummaries(copy, other);
}

TEST_F(BlockIndexTest, AnIndexOfNoLayersIsEmpty) {
  BlockIndex index({.num_layers = 0, .kv_heads = 1, .head_dim = kHeadDim});
  index.Reserve(7000);
  EXPECT_EQ(index.num_blocks(), 7000);
  EXPECT_EQ(index.bytes(), 0u);
}

TEST_F(BlockIndexTest, GrowsInPieces) {
  for (const SummaryType type : kTypes) {
    BlockIndex index(Shape(type));
    for (const auto& [first, end] : {std::pair{0, 1}, {1, 64}, {64, 64}, {64, 65}, {65, 150}}) {
      Add(first, end, &index);
    }
    ExpectSummaries(index, blocks_);
  }
}

TEST_F(BlockIndexTest, Int8TakesHalfTheBytesAndItsScales) {
  const size_t slots = size_t{kLayers} * kHeads * kIndexChunkBlocks;
  BlockIndex means(Shape(SummaryType::kInt8));
  means.Reserve(1);
  EXPECT_EQ(means.bytes(), slots * kVectors * (kHeadDim + sizeof(float)));
  IndexShape shape = Shape(SummaryType::kInt8);
  shape.kind = Summary::kMinMax;  // both bounds share a scale
  BlockIndex bounds(shape);
  bounds.Reserve(65);
  EXPECT_EQ(bounds.bytes(), 2 * slots * (2 * kHeadDim + sizeof(float)));
}

TEST_F(BlockIndexTest, Int2TakesAnEighthOfTheBytesAndAScaleForEachChunk) {
  BlockIndex index(Shape(SummaryType::kInt2));
  index.Reserve(65);
  const size_t vectors = size_t{kIndexChunkBlocks} * kVectors;
  EXPECT_EQ(index.bytes(),
            2 * kLayers * kHeads * (vectors * kHeadDim / 4 + 2 * Int2ScaleElements(kHeadDim)));
}

// A chunk's scale is that of the vectors that came first into it, the sink's left out; of too few,
// that of the chunk before.
TEST_F(BlockIndexTest, Int2ScalesAreLearnedFromWhatComesFirst) {
  BlockIndex index(Shape(SummaryType::kInt2));
  for (const auto& [first, end] : {std::pair{0, 20}, {20, 66}, {66, 128}, {128, 150}}) {
    Add(first, end, &index);
  }
  const auto scale = [&](int64_t first, int64_t end) {
    std::vector<f16> vectors;
    for (int64_t block = first; block < end; ++block) {
      vectors.resize(vectors.size() + kVectors * kHeadDim);
      Summarize(Summary::kMean, pages_[4].View(), {blocks_[block].start, blocks_[block].end()},
                kVectors, vectors.data() + vectors.size() - kVectors * kHeadDim);
    }
    std::vector<f16> learned(Int2ScaleElements(kHeadDim));
    LearnInt2Scale({vectors.data(), (end - first) * kVectors, kHeadDim}, learned.data());
    return learned;
  };
  const auto got = [&](int64_t block) {
    const f16* first = index.Summaries(block, 1, 1).int2_scale;
    return std::vector<f16>(first, first + Int2ScaleElements(kHeadDim));
  };
  EXPECT_EQ(got(0), scale(1, 20));
  EXPECT_EQ(got(63), scale(1, 20));
  EXPECT_EQ(got(64), scale(1, 20)) << "two blocks came first: too few";
  EXPECT_EQ(got(149), scale(128, 150));
}

TEST_F(BlockIndexTest, Int2ScalesAreNotTheSinksWhereItCameAlone) {
  BlockIndex alone(Shape(SummaryType::kInt2)), together(Shape(SummaryType::kInt2));
  Add(0, 1, &alone);
  Add(1, 64, &alone);
  Add(0, 64, &together);
  for (int64_t block = 1; block < 64; ++block) {
    const SummaryView got = alone.Summaries(block, 1, 2), want = together.Summaries(block, 1, 2);
    for (size_t j = 0; j < Int2ScaleElements(kHeadDim); ++j) {
      ASSERT_EQ(got.int2_scale[j], want.int2_scale[j]);
    }
    for (int64_t v = 0; v < kVectors; ++v) {
      for (int j = 0; j < kHeadDim; ++j) {
        const Int2Place place = PlaceOfInt2(kHeadDim, got.int2_first + v, j);
        ASSERT_EQ(Int2Code(got.int2s, place), Int2Code(want.int2s, place)) << block;
      }
    }
  }
}

TEST_F(BlockIndexTest, AForkSharesUntilOneWrites) {
  const std::vector<Block> original = blocks_;
  for (const SummaryType type : kTypes) {
    const auto at = [](const BlockIndex& index, int64_t block) -> const void* {
      const SummaryView view = index.Summaries(block, 0, 0);
      if (view.int2s != nullptr) return view.int2s + view.int2_first;
      return view.f16s != nullptr ? static_cast<const void*>(view.f16s) : view.int8s;
    };
    BlockIndex index(Shape(type));
    Add(0, 70, &index);
    BlockIndex fork = index;
    EXPECT_EQ(at(fork, 64), at(index, 64));

    // The fork goes on with other blocks than the original.
    std::reverse(blocks_.begin() + 70, blocks_.end());
    Add(70, 100, &fork);
    EXPECT_EQ(at(fork, 0), at(index, 0)) << "full chunks stay shared";
    EXPECT_NE(at(fork, 64), at(index, 64));
    const std::vector<Block> forked = blocks_;
    blocks_ = original;
    Add(70, 90, &index);
    ExpectSummaries(index, original);
    ExpectSummaries(fork, forked);
  }
}

TEST(BlockIndexGoldenTest, EqualsTheSpecification) {
  for (const nlohmann::json& c : ReadGolden("selections.json")) {
    const SelectionCase selection(c);
    int head = 0;
    for (const auto& blocks : c["summaries"]) {
      const f16* got = selection.index.Summaries(0, 0, head++).f16s;
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
  const std::vector<KvView> too_many(kHeads + 1, pages_[0].View());
  EXPECT_DEATH(index.Fill(0, 0, one, too_many), "check failed");
  Add(10, 11, &index);
  EXPECT_DEATH(index.Fill(0, 9, one, views), "check failed");
}

}  // namespace
}  // namespace dynsplit
