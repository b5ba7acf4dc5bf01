// Values that are wider or narrower than keys: every kernel that reads or writes values, against
// its reference, in pages of every type.
#include "kernels/append_rows.h"
#include "kernels/causal_attention.h"
#include "kernels/kernel_fixture.h"
#include "kernels/tile_attention.h"
#include "kernels/token_attention.h"

namespace dynsplit {
namespace {

constexpr int kTokens = 200;

class ValueWidthTest : public KernelTest {
 protected:
  // Calls fn(view) for pages of f16, of 8 and of 4 bits before hot ones of 8.
  template <typename Fn>
  void ForTypes(const Fn& fn) {
    ForGroupSizes([&] {
      queries_ = RandomFloats(rng_, static_cast<size_t>(kRows * group_heads() * head_dim()));
      fn(pages_.View());
      for (const KvType cold : {KvType::kQ8, KvType::kQ4}) {
        const EncodedPages encoded(pages_, {.hot = KvType::kQ8, .cold = cold}, 128);
        fn(encoded.View());
      }
    });
  }

  // Normalised, and what is behind the last value.
  std::vector<float> Normalised(std::vector<float> outputs,
                                const std::vector<SoftmaxState>& states) const {
    for (size_t i = 0; i < states.size() * static_cast<size_t>(other_dim()); ++i) {
      outputs[i] /= states[i / static_cast<size_t>(other_dim())].sum;
    }
    return outputs;
  }
  // One more than is to be written.
  std::vector<float> Outputs(int rows) const {
    return std::vector<float>(static_cast<size_t>(rows * group_heads() * other_dim() + 1), 9.0f);
  }

  static constexpr int kRows = 5;
  RandomPages pages_{rng_, kTokens, head_dim(), 1, other_dim()};
  std::vector<float> queries_;
};

TEST_P(ValueWidthTest, TileAttention) {
  const Tile tiles[] = {{0, 64}, {70, 13}, {128, 64}, {192, 8}};
  ForTypes([&](const KvView& kv) {
    const auto run = [&](auto kernel) {
      std::vector<float> outputs = Outputs(1);
      std::vector<SoftmaxState> states(static_cast<size_t>(group_heads()));
      kernel(TileAttentionArgs{.queries = queries_.data(),
                               .group_heads = group_heads(),
                               .scale = scale(),
                               .kv = kv,
                               .tiles = tiles,
                               .num_tiles = 4},
             states.data(), outputs.data());
      return Normalised(outputs, states);
    };
    ExpectNear(run(TileAttention), run(TileAttentionRef), tolerance());
  });
}

TEST_P(ValueWidthTest, TokenAttention) {
  const int32_t tokens[] = {3, 4, 5, 90, 17, 130, 199};
  ForTypes([&](const KvView& kv) {
    const std::vector<float> scores = RandomFloats(rng_, static_cast<size_t>(7 * group_heads()));
    const auto run = [&](auto kernel) {
      std::vector<float> outputs = Outputs(1);
      std::vector<SoftmaxState> states(static_cast<size_t>(group_heads()));
      kernel(TokenAttentionArgs{.scores = scores.data(),
                                .score_stride = 7,
                                .group_heads = group_heads(),
                                .kv = kv,
                                .tokens = tokens,
                                .num_tokens = 7},
             states.data(), outputs.data());
      return Normalised(outputs, states);
    };
    ExpectNear(run(TokenAttention), run(TokenAttentionRef), tolerance());
  });
}

TEST_P(ValueWidthTest, CausalAttention) {
  const TokenRange earlier[] = {{3, 20}, {60, 70}};
  ForTypes([&](const KvView& kv) {
    const auto run = [&](bool reference) {
      std::vector<float> outputs = Outputs(kRows);
      const CausalAttentionArgs args = {.queries = queries_.data(),
                                        .query_row_stride = int64_t{group_heads()} * head_dim(),
                                        .rows = kRows,
                                        .group_heads = group_heads(),
                                        .scale = scale(),
                                        .first_position = kTokens - kRows,
                                        .dense_start = 128,
                                        .earlier = earlier,
                                        .num_earlier = 2,
                                        .kv = kv,
                                        .outputs = outputs.data(),
                                        .output_row_stride = int64_t{group_heads()} * other_dim()};
      AlignedBuffer<float> scratch(CausalAttentionScratch(head_dim(), other_dim(), group_heads()));
      if (reference) {
        CausalAttentionRef(args);
      } else {
        CausalAttention(args, scratch.data());
      }
      return outputs;
    };
    ExpectNear(run(false), run(true), tolerance());
  });
}

TEST_P(ValueWidthTest, AppendRows) {
  const std::vector<float> keys = RandomFloats(rng_, static_cast<size_t>(70 * head_dim()));
  const std::vector<float> values = RandomFloats(rng_, static_cast<size_t>(70 * other_dim()));
  for (const KvType type : {KvType::kF16, KvType::kQ8}) {
    const auto run = [&](auto kernel) {
      RandomPages pages(rng_, 128, std::max(head_dim(), other_dim()));
      kernel(AppendRowsArgs{.keys = keys.data(),
                            .values = values.data(),
                            .row_stride = head_dim(),
                            .first_token = 40,
                            .rows = 70,
                            .head_dim = head_dim(),
                            .key_pages = pages.key_pages(),
                            .value_pages = pages.value_pages(),
                            .type = type,
                            .value_dim = other_dim(),
                            .value_row_stride = other_dim()});
      const KvView kv = {.keys = pages.key_pages(),
                         .values = pages.value_pages(),
                         .head_dim = head_dim(),
                         .value_dim = other_dim(),
                         .types = {type, type}};
      std::vector<f16> rows;
      for (int64_t token = 40; token < 110; ++token) {
        for (const KvPart part : {KvPart::kKeys, KvPart::kValues}) {
          const std::vector<f16> row = DecodedRow(kv.Part(part), token);
          rows.insert(rows.end(), row.begin(), row.end());
        }
      }
      return rows;
    };
    EXPECT_EQ(run(AppendRows), run(AppendRowsRef));
  }
}

INSTANTIATE_TEST_SUITE_P(All, ValueWidthTest, KernelCases(5e-6), KernelCaseName);

}  // namespace
}  // namespace dynsplit
