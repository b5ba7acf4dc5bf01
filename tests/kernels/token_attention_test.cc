#include "kernels/token_attention.h"

#include <algorithm>
#include <limits>

#include "kernels/kernel_fixture.h"
#include "kernels/key_score.h"
#include "kernels/tile_attention.h"

namespace dynsplit {
namespace {

struct Partial {
  std::vector<SoftmaxState> states;
  std::vector<float> outputs;
};

// The outputs divided by their sums, and log-sum-exps.
std::vector<float> Normalised(const Partial& partial, int head_dim) {
  std::vector<float> values = partial.outputs;
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] /= partial.states[i / static_cast<size_t>(head_dim)].sum;
  }
  for (const SoftmaxState& state : partial.states) values.push_back(state.LogSumExp());
  return values;
}

class TokenAttentionTest : public KernelTest {
 protected:
  template <typename Kernel>
  Partial Run(const Kernel& kernel, const std::vector<int32_t>& tokens) {
    const auto num_tokens = static_cast<int64_t>(tokens.size());
    Partial partial;
    partial.states.resize(static_cast<size_t>(group_heads()));
    // Not zero, so that a value left unwritten shows.
    partial.outputs.assign(static_cast<size_t>(group_heads() * head_dim()), 777.0f);
    kernel({.scores = scores_.data(),
            .score_stride = num_tokens + 2,
            .group_heads = group_heads(),
            .kv = pages_.View(),
            .tokens = tokens.data(),
            .num_tokens = num_tokens},
           partial.states.data(), partial.outputs.data());
    return partial;
  }

  // `count` tokens of pages_, no two the same, in any order, with new scores of theirs.
  std::vector<int32_t> Draw(size_t count, double spread) {
    std::vector<int32_t> tokens(static_cast<size_t>(pages_.num_tokens()));
    for (size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<int32_t>(i);
    for (size_t i = 0; i < count; ++i) {
      std::swap(tokens[i], tokens[i + rng_.Below(tokens.size() - i)]);
    }
    tokens.resize(count);
    scores_ = RandomFloats(rng_, (count + 2) * static_cast<size_t>(group_heads()), spread);
    return tokens;
  }

  RandomPages pages_{rng_, 230, head_dim()};
  std::vector<float> scores_;
};

TEST_P(TokenAttentionTest, EqualsReference) {
  ForGroupSizes([&] {
    for (const size_t count : {1, 2, 15, 16, 17, 63, 64, 65, 130, 200}) {
      const std::vector<int32_t> tokens = Draw(count, 3);
      ExpectNear(Normalised(Run(TokenAttention, tokens), head_dim()),
                 Normalised(Run(TokenAttentionRef, tokens), head_dim()), tolerance());
    }
  });
}

TEST_P(TokenAttentionTest, LargeScoresNeitherOverflowNorVanish) {
  ForGroupSizes([&] {
    const std::vector<int32_t> tokens = Draw(150, 80);
    ExpectNear(Normalised(Run(TokenAttention, tokens), head_dim()),
               Normalised(Run(TokenAttentionRef, tokens), head_dim()), 10 * tolerance());
  });
}

TEST_P(TokenAttentionTest, NoTokensGiveTheEmptyState) {
  const Partial got = Run(TokenAttention, Draw(0, 1));
  EXPECT_EQ(got.states[0].max, -std::numeric_limits<float>::infinity());
  EXPECT_EQ(got.states[0].sum, 0);
  EXPECT_EQ(got.outputs, std::vector<float>(got.outputs.size(), 0.0f));
}

// With the scores of their keys it is attention to tiles of one row.
TEST_P(TokenAttentionTest, EqualsTilesOfOneRow) {
  ForGroupSizes([&] {
    const std::vector<int32_t> tokens = Draw(90, 1);
    const auto queries = RandomFloats(rng_, static_cast<size_t>(group_heads() * head_dim()));
    KeyScore({.queries = queries.data(),
              .group_heads = group_heads(),
              .scale = scale(),
              .kv = pages_.View(),
              .tokens = tokens.data(),
              .num_tokens = 90},
             scores_.data(), 92);
    std::vector<Tile> tiles;
    for (const int32_t token : tokens) tiles.push_back({token, 1});
    Partial want = Run(TokenAttentionRef, tokens);
    TileAttention({.queries = queries.data(),
                   .group_heads = group_heads(),
                   .scale = scale(),
                   .kv = pages_.View(),
                   .tiles = tiles.data(),
                   .num_tiles = 90},
                  want.states.data(), want.outputs.data());
    ExpectNear(Normalised(Run(TokenAttention, tokens), head_dim()), Normalised(want, head_dim()),
               tolerance());
  });
}

INSTANTIATE_TEST_SUITE_P(All, TokenAttentionTest, KernelCases(5e-6), KernelCaseName);

}  // namespace
}  // namespace dynsplit
