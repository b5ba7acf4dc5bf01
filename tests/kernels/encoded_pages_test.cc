// Every kernel that reads pages of other types gives, to the bit, what it gives on the f16 pages
// that these decode to, and what its reference gives within the tolerance of its own test.
#include "kernels/causal_attention.h"
#include "kernels/column_mass.h"
#include "kernels/kernel_fixture.h"
#include "kernels/key_score.h"
#include "kernels/local_mass.h"
#include "kernels/tile_attention.h"
#include "kernels/token_attention.h"

namespace dynsplit {
namespace {

constexpr double kTolerance = 2e-4;
constexpr int64_t kTokens = 300;

struct Mixture {
  KvTypes types;
  int64_t cold_end;
};
constexpr Mixture kMixtures[] = {
    {{KvType::kQ8, KvType::kQ8}, 0},
    {{KvType::kF16, KvType::kQ8}, 128},
    {{KvType::kF16, KvType::kQ4}, 256},
    {{KvType::kQ8, KvType::kQ4}, 192},
};

class EncodedPagesTest : public KernelTest {
 protected:
  // Calls fn(view) on encoded pages and on what they decode to: it returns floats.
  template <typename Fn, typename Ref>
  void ExpectSame(const Fn& fn, const Ref& ref) {
    for (const Mixture& mixture : kMixtures) {
      SCOPED_TRACE("cold type " + std::to_string(static_cast<int>(mixture.types.cold)));
      const RandomPages pages(rng_, kTokens, head_dim());
      const EncodedPages encoded(pages, mixture.types, mixture.cold_end);
      const std::vector<float> got = fn(encoded.View());
      EXPECT_EQ(got, fn(encoded.Decoded()));
      ExpectNear(got, ref(encoded.View()), tolerance());
      // And these are other numbers than those that were encoded.
      EXPECT_NE(got, fn(pages.View()));
    }
  }

  // Every sum over heads is the same code for other group sizes: their own tests have them all.
  template <typename Fn>
  void ForAGroup(const Fn& fn) {
    constexpr int kSize[] = {3};
    ForGroupSizes(fn, kSize);
  }

  size_t Heads() const { return static_cast<size_t>(group_heads()); }
  size_t HeadValues() const { return static_cast<size_t>(group_heads() * head_dim()); }

  // Alone, in runs across pages and types, in any order, more than a piece.
  std::vector<int32_t> Scattered() {
    std::vector<int32_t> tokens;
    for (int i = 0; i < 40; ++i) {
      const auto start = static_cast<int32_t>(rng_.Below(kTokens - 9));
      const auto length = static_cast<int32_t>(1 + rng_.Below(i % 3 == 0 ? 9 : 2));
      for (int32_t k = 0; k < length; ++k) tokens.push_back(start + k);
    }
    return tokens;
  }
};

TEST_P(EncodedPagesTest, KeyScore) {
  ForAGroup([&] {
    const std::vector<float> queries = RandomFloats(rng_, HeadValues());
    const std::vector<int32_t> tokens = Scattered();
    const auto count = static_cast<int64_t>(tokens.size());
    const auto run = [&](auto kernel, const KvView& kv) {
      std::vector<float> scores(tokens.size() * Heads());
      kernel(KeyScoreArgs{.queries = queries.data(),
                          .group_heads = group_heads(),
                          .scale = scale(),
                          .kv = kv,
                          .tokens = tokens.data(),
                          .num_tokens = count},
             scores.data(), count);
      return scores;
    };
    ExpectSame([&](const KvView& kv) { return run(KeyScore, kv); },
               [&](const KvView& kv) { return run(KeyScoreRef, kv); });
  });
}

TEST_P(EncodedPagesTest, TokenAttention) {
  ForAGroup([&] {
    const std::vector<int32_t> tokens = Scattered();
    const auto count = static_cast<int64_t>(tokens.size());
    const std::vector<float> scores = RandomFloats(rng_, tokens.size() * Heads());
    const auto run = [&](auto kernel, const KvView& kv) {
      std::vector<float> outputs(HeadValues());
      std::vector<SoftmaxState> states(Heads());
      kernel(TokenAttentionArgs{scores.data(), count, group_heads(), kv, tokens.data(), count},
             states.data(), outputs.data());
      for (size_t i = 0; i < outputs.size(); ++i) {
        outputs[i] /= states[i / static_cast<size_t>(head_dim())].sum;
      }
      return outputs;
    };
    ExpectSame([&](const KvView& kv) { return run(TokenAttention, kv); },
               [&](const KvView& kv) { return run(TokenAttentionRef, kv); });
  });
}

TEST_P(EncodedPagesTest, TileAttention) {
  const Tile tiles[] = {{0, 64}, {65, 3}, {128, 0}, {190, 2}, {192, 16}, {256, 44}};
  ForAGroup([&] {
    const std::vector<float> queries = RandomFloats(rng_, HeadValues());
    const auto run = [&](auto kernel, const KvView& kv) {
      std::vector<float> outputs(HeadValues());
      std::vector<SoftmaxState> states(Heads());
      kernel(TileAttentionArgs{.queries = queries.data(),
                               .group_heads = group_heads(),
                               .scale = scale(),
                               .kv = kv,
                               .tiles = tiles,
                               .num_tiles = 6},
             states.data(), outputs.data());
      for (size_t i = 0; i < outputs.size(); ++i) {
        outputs[i] /= states[i / static_cast<size_t>(head_dim())].sum;
      }
      return outputs;
    };
    ExpectSame([&](const KvView& kv) { return run(TileAttention, kv); },
               [&](const KvView& kv) { return run(TileAttentionRef, kv); });
  });
}

class EncodedRowsTest : public EncodedPagesTest {
 protected:
  // Rows up to the last token, which see two ranges besides the last pages.
  std::vector<float> Attend(const KvView& kv, bool reference, std::vector<float>* lse) {
    const TokenRange earlier[] = {{3, 20}, {60, 70}};
    const int64_t stride = int64_t{group_heads()} * head_dim();
    std::vector<float> outputs(static_cast<size_t>(kRows * stride));
    lse->resize(static_cast<size_t>(kRows * group_heads()));
    const CausalAttentionArgs args = {.queries = queries_.data(),
                                      .query_row_stride = stride,
                                      .rows = kRows,
                                      .group_heads = group_heads(),
                                      .scale = scale(),
                                      .first_position = kTokens - kRows,
                                      .dense_start = 128,
                                      .earlier = earlier,
                                      .num_earlier = 2,
                                      .kv = kv,
                                      .outputs = outputs.data(),
                                      .output_row_stride = stride,
                                      .lse = lse->data(),
                                      .lse_row_stride = group_heads()};
    if (reference) {
      CausalAttentionRef(args);
    } else {
      AlignedBuffer<float> scratch(CausalAttentionScratch(head_dim(), head_dim(), group_heads()));
      CausalAttention(args, scratch.data());
    }
    outputs.insert(outputs.end(), lse->begin(), lse->end());
    return outputs;
  }

  void DrawQueries() { queries_ = RandomFloats(rng_, HeadValues() * kRows); }

  static constexpr int kRows = 5;
  std::vector<float> queries_;
};

TEST_P(EncodedRowsTest, CausalAttention) {
  ForAGroup([&] {
    DrawQueries();
    std::vector<float> lse;
    ExpectSame([&](const KvView& kv) { return Attend(kv, /*reference=*/false, &lse); },
               [&](const KvView& kv) { return Attend(kv, /*reference=*/true, &lse); });
  });
}

TEST_P(EncodedRowsTest, LocalMass) {
  ForAGroup([&] {
    DrawQueries();
    const std::vector<float> lse(Heads() * kRows, 5.0f);
    const auto run = [&](auto kernel, const KvView& kv) {
      std::vector<float> mass(1 + 150);
      kernel(LocalMassArgs{.queries = queries_.data(),
                           .lse = lse.data(),
                           .group_heads = group_heads(),
                           .scale = scale(),
                           .kv = kv,
                           .position = kTokens - kRows,
                           .sink = 4,
                           .window = 150},
             mass.data());
      return mass;
    };
    ExpectSame([&](const KvView& kv) { return run(LocalMass, kv); },
               [&](const KvView& kv) { return run(LocalMassRef, kv); });
  });
}

TEST_P(EncodedRowsTest, ColumnMass) {
  ForAGroup([&] {
    DrawQueries();
    const std::vector<float> lse(Heads() * kRows, 5.0f);
    const auto run = [&](auto kernel, const KvView& kv) {
      std::vector<float> mass(static_cast<size_t>(kTokens - 5));
      kernel(ColumnMassArgs{.queries = queries_.data(),
                            .query_row_stride = int64_t{group_heads()} * head_dim(),
                            .lse = lse.data(),
                            .lse_row_stride = group_heads(),
                            .rows = kRows,
                            .group_heads = group_heads(),
                            .scale = scale(),
                            .first_position = kTokens - kRows,
                            .kv = kv,
                            .keys = {5, kTokens}},
             mass.data());
      return mass;
    };
    ExpectSame([&](const KvView& kv) { return run(ColumnMass, kv); },
               [&](const KvView& kv) { return run(ColumnMassRef, kv); });
  });
}

INSTANTIATE_TEST_SUITE_P(Targets, EncodedPagesTest, KernelCases(kTolerance), KernelCaseName);
INSTANTIATE_TEST_SUITE_P(Targets, EncodedRowsTest, KernelCases(kTolerance), KernelCaseName);

}  // namespace
}  // namespace dynsplit
