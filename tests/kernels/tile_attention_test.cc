#include "kernels/tile_attention.h"

#include <algorithm>

#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

struct Partial {
  std::vector<SoftmaxState> states;
  std::vector<float> outputs;
};

template <typename Kernel>
Partial RunTiles(const Kernel& kernel, TileAttentionArgs args, const std::vector<Tile>& tiles) {
  args.tiles = tiles.data();
  args.num_tiles = static_cast<int>(tiles.size());
  Partial partial;
  partial.states.resize(args.group_heads);
  // Not zero, so that a value left unwritten shows.
  partial.outputs.assign(static_cast<size_t>(args.group_heads) * args.kv.head_dim, 777.0f);
  kernel(args, partial.states.data(), partial.outputs.data());
  return partial;
}

// The normalised output of every head, and the log-sum-exp behind it.
std::vector<float> Merged(const std::vector<Partial>& parts, int head_dim) {
  const int heads = static_cast<int>(parts[0].states.size());
  std::vector<SoftmaxState> states;
  std::vector<float> outputs;
  for (const Partial& part : parts) {
    states.insert(states.end(), part.states.begin(), part.states.end());
    outputs.insert(outputs.end(), part.outputs.begin(), part.outputs.end());
  }
  std::vector<float> merged, result(head_dim);
  for (int h = 0; h < heads; ++h) {
    const SoftmaxState state =
        MergeSoftmax(states.data() + h, outputs.data() + int64_t{h} * head_dim,
                     static_cast<int>(parts.size()), heads, head_dim, result.data());
    merged.insert(merged.end(), result.begin(), result.end());
    merged.push_back(state.LogSumExp());
  }
  return merged;
}

class TileAttentionIsaTest : public IsaTest {
 protected:
  // Three tokens, head_dim 16. Keys: 0, ln 2 and ln 6 in the first element; values 1, 2, 4 in all.
  TileAttentionIsaTest() {
    for (f16& value : keys_.span()) value = 0;
    keys_[16] = F16FromF32(std::log(2.0f));
    keys_[32] = F16FromF32(std::log(6.0f));
    const float values[] = {1, 2, 4};
    for (int i = 0; i < 3; ++i) {
      std::fill_n(values_.data() + i * 16, 16, F16FromF32(values[i]));
    }
    query_[0] = 2;
    args_.queries = query_;
    args_.scale = 0.5f;
    args_.kv = {key_pages_, value_pages_, 16};
  }

  AlignedBuffer<f16> keys_{PageElements(16)};
  AlignedBuffer<f16> values_{PageElements(16)};
  const f16* key_pages_[1] = {keys_.data()};
  const f16* value_pages_[1] = {values_.data()};
  float query_[16] = {};
  TileAttentionArgs args_;
};

TEST_P(TileAttentionIsaTest, ThreeTokensByHand) {
  const Partial got = RunTiles(TileAttention, args_, {{0, 3}});
  const std::vector<float> merged = Merged({got}, 16);
  // Weights 1 : 2 : 6, so the output is (1 + 4 + 24) / 9.
  for (int j = 0; j < 16; ++j) EXPECT_NEAR(merged[j], 29.0 / 9, 2e-3);
  EXPECT_NEAR(merged[16], std::log(9.0), 1e-3);
  EXPECT_NEAR(got.states[0].max, std::log(6.0), 1e-3);
  EXPECT_NEAR(got.states[0].sum, 1.5, 1e-3);
}

TEST_P(TileAttentionIsaTest, NoRowsGiveTheEmptyState) {
  for (const std::vector<Tile>& tiles : {std::vector<Tile>{}, {{0, 0}, {5, 0}}}) {
    const Partial got = RunTiles(TileAttention, args_, tiles);
    EXPECT_EQ(got.states[0].max, -std::numeric_limits<float>::infinity());
    EXPECT_EQ(got.states[0].sum, 0);
    EXPECT_EQ(got.outputs, std::vector<float>(16, 0.0f));
    const std::vector<float> merged = Merged({got, got}, 16);
    EXPECT_EQ(merged[0], 0);
    EXPECT_EQ(merged[16], -std::numeric_limits<float>::infinity());
  }
}

TEST_P(TileAttentionIsaTest, LargestKeysAndValuesStayFinite) {
  std::fill_n(keys_.data(), 32, F16FromF32(65504));
  std::fill_n(keys_.data() + 32, 16, F16FromF32(-65504));
  std::fill_n(values_.data(), 48, F16FromF32(65504));
  const std::vector<float> merged = Merged({RunTiles(TileAttention, args_, {{0, 3}})}, 16);
  for (int j = 0; j < 16; ++j) EXPECT_FLOAT_EQ(merged[j], 65504);
  EXPECT_NEAR(merged[16], 65504 + std::log(2.0), 0.01);  // two keys share the maximum
}

TEST_P(TileAttentionIsaTest, SubnormalKeysAndValuesCount) {
  std::fill_n(keys_.data(), 48, f16{0});
  keys_[0] = 0x0001;  // 2^-24
  query_[0] = 0x1.0p25f;
  std::fill_n(values_.data(), 48, f16{0x0001});
  const Partial got = RunTiles(TileAttention, args_, {{0, 3}});
  EXPECT_NEAR(got.states[0].max, 1, 1e-6);
  EXPECT_NEAR(got.states[0].sum, 1 + 2 * std::exp(-1.0), 1e-6);
  EXPECT_FLOAT_EQ(Merged({got}, 16)[0], 0x1.0p-24f);
}

INSTANTIATE_TEST_SUITE_P(All, TileAttentionIsaTest, ::testing::ValuesIn(AvailableIsas()),
                         IsaCaseName);

class TileAttentionTest : public KernelTest {
 protected:
  TileAttentionArgs Args(const RandomPages& pages, double spread = 1) {
    queries_ = RandomFloats(rng_, static_cast<size_t>(group_heads()) * head_dim(), spread);
    TileAttentionArgs args;
    args.queries = queries_.data();
    args.group_heads = group_heads();
    args.scale = scale();
    args.kv = pages.View();
    return args;
  }

  void ExpectLikeReference(const TileAttentionArgs& args, const std::vector<Tile>& tiles,
                           double slack = 1) {
    const Partial got = RunTiles(TileAttention, args, tiles);
    const Partial want = RunTiles(TileAttentionRef, args, tiles);
    ExpectNear(Merged({got}, head_dim()), Merged({want}, head_dim()), slack * tolerance());
  }

  std::vector<float> queries_;
};

TEST_P(TileAttentionTest, EveryRowCount) {
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 192, head_dim());
    const TileAttentionArgs args = Args(pages);
    for (int rows = 1; rows <= 64; rows += rows < 18 ? 1 : rows < 34 ? 3 : 10) {
      ExpectLikeReference(args, {{64, rows}});               // aligned
      ExpectLikeReference(args, {{128 + 64 - rows, rows}});  // the last rows of the last page
    }
  });
}

TEST_P(TileAttentionTest, RowsBehindTheLastTokenAreNotRead) {
  ForGroupSizes([&] {
    for (int tokens : {1, 2, 3, 5, 17, 63}) {
      const RandomPages pages(rng_, tokens, head_dim());
      ExpectLikeReference(Args(pages), {{0, tokens}});
    }
  });
}

TEST_P(TileAttentionTest, ManyTilesWithPadding) {
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 300, head_dim());
    const std::vector<Tile> tiles = {{0, 4},    {0, 0},   {17, 16}, {63, 1},
                                     {128, 64}, {299, 1}, {0, 0}};
    ExpectLikeReference(Args(pages), tiles);
  });
}

// Rows are computed 64 at a time, whichever tiles they come from.
TEST_P(TileAttentionTest, ShortTilesOfAnyTotal) {
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 640, head_dim());
    for (int total : {63, 64, 65, 127, 128, 129, 200}) {
      std::vector<Tile> tiles;
      for (int start = 0; total > 0; start += 16) {
        const int rows = std::min(total, 1 + static_cast<int>(rng_.Below(16)));
        tiles.push_back({start, rows});
        if (rows % 3 == 0) tiles.push_back({0, 0});
        total -= rows;
      }
      ExpectLikeReference(Args(pages), tiles);
    }
  });
}

TEST_P(TileAttentionTest, TilesDoNotChangeABit) {
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 256, head_dim());
    const TileAttentionArgs args = Args(pages);
    const Partial want = RunTiles(TileAttention, args, {{10, 54}, {64, 64}, {200, 9}});
    std::vector<Tile> single_rows;
    for (int token = 10; token < 128; ++token) single_rows.push_back({token, 1});
    for (int token = 200; token < 209; ++token) single_rows.push_back({token, 1});
    const std::vector<Tile> some = {{10, 3}, {13, 51}, {64, 5}, {69, 0}, {69, 59}, {200, 9}};
    for (const std::vector<Tile>& tiles : {single_rows, some}) {
      const Partial got = RunTiles(TileAttention, args, tiles);
      EXPECT_EQ(got.outputs, want.outputs);
      for (size_t h = 0; h < want.states.size(); ++h) {
        EXPECT_EQ(got.states[h].max, want.states[h].max);
        EXPECT_EQ(got.states[h].sum, want.states[h].sum);
      }
    }
  });
}

TEST_P(TileAttentionTest, LargeScoresNeitherOverflowNorVanish) {
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 128, head_dim(), 4);
    // Scores up to about 80: exp() of them would overflow, and their rounding is a relative error
    // of the weights.
    ExpectLikeReference(Args(pages, 5), {{0, 64}, {64, 64}}, 10);
  });
}

TEST_P(TileAttentionTest, MergingAnySplitEqualsTheWhole) {
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 256, head_dim());
    const TileAttentionArgs args = Args(pages);
    const std::vector<Tile> tiles = {{0, 64}, {64, 16}, {80, 0}, {80, 13}, {150, 5}, {192, 64}};
    const auto whole = Merged({RunTiles(TileAttention, args, tiles)}, head_dim());
    for (int round = 0; round < 3; ++round) {
      std::vector<std::vector<Tile>> shares(1 + rng_.Below(5));
      for (const Tile& tile : tiles) shares[rng_.Below(shares.size())].push_back(tile);
      std::vector<Partial> parts;
      for (const auto& share : shares) parts.push_back(RunTiles(TileAttention, args, share));
      ExpectNear(Merged(parts, head_dim()), whole, tolerance());
    }
  });
}

INSTANTIATE_TEST_SUITE_P(All, TileAttentionTest, KernelCases(5e-6), KernelCaseName);

TEST(MergeSoftmax, ByHand) {
  // Two parts of one head, the second with stride 1 and twice the maximum's weight.
  const SoftmaxState states[] = {{0, 2}, {std::log(2.0f), 1}};
  const float outputs[] = {4, 0, 0, 3};
  float result[2];
  const SoftmaxState merged = MergeSoftmax(states, outputs, 2, 1, 2, result);
  EXPECT_FLOAT_EQ(merged.max, std::log(2.0f));
  EXPECT_FLOAT_EQ(merged.sum, 2);   // 2 * 0.5 + 1
  EXPECT_FLOAT_EQ(result[0], 1);    // 4 * 0.5 / 2
  EXPECT_FLOAT_EQ(result[1], 1.5);  // 3 / 2
}

TEST(MergeSoftmax, EmptyPartsDoNotCount) {
  const SoftmaxState states[] = {{}, {3, 2}, {}};
  const float outputs[] = {0, 5, 0};
  float result = 7;
  const SoftmaxState merged = MergeSoftmax(states, outputs, 3, 1, 1, &result);
  EXPECT_EQ(merged.max, 3);
  EXPECT_EQ(merged.sum, 2);
  EXPECT_EQ(result, 2.5);
}

}  // namespace
}  // namespace dynsplit
