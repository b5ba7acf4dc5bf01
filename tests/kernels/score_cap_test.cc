// Every kernel that makes scores, with a soft-cap: against its reference, on every instruction set.
#include "kernels/score_cap.h"

#include "kernels/causal_attention.h"
#include "kernels/column_mass.h"
#include "kernels/kernel_fixture.h"
#include "kernels/key_score.h"
#include "kernels/local_mass.h"
#include "kernels/quantize_summary.h"
#include "kernels/run_score.h"
#include "kernels/summary_score.h"
#include "kernels/tile_attention.h"

namespace dynsplit {
namespace {

TEST(CappedScoreTest, ByHand) {
  EXPECT_EQ(CappedScore(-70, 0), -70);  // none
  EXPECT_DOUBLE_EQ(CappedScore(50, 50), 50 * std::tanh(1.0));
  EXPECT_NEAR(CappedScore(0.01, 50), 0.01, 1e-9);
  EXPECT_DOUBLE_EQ(CappedScore(1e9, 50), 50);
  EXPECT_DOUBLE_EQ(CappedScore(-1e9, 50), -50);
}

constexpr int kTokens = 150;

class ScoreCapTest : public KernelTest {
 protected:
  // Scores around the cap; of the second head, if there is one, far below it, of the others far
  // above.
  void Draw() {
    queries_ = RandomFloats(rng_, static_cast<size_t>(kRows * group_heads() * head_dim()), 4);
    for (size_t i = 0; i < queries_.size(); ++i) {
      const size_t head = i / static_cast<size_t>(head_dim()) % static_cast<size_t>(group_heads());
      if (head > 0) queries_[i] *= head == 1 ? 1e-3f : 30.0f;
    }
  }

  // Wants run(reference, cap) to give what the reference gives, and the cap to make a difference.
  template <typename Run>
  void ExpectCapped(const Run& run) {
    ForGroupSizes([&] {
      Draw();
      const std::vector<float> want = run(/*reference=*/true, kCap);
      ExpectNear(run(false, kCap), want, tolerance());
      EXPECT_NE(want, run(true, 0));
    });
  }

  static constexpr int kRows = 3;
  static constexpr float kCap = 7;
  RandomPages pages_{rng_, kTokens, head_dim()};
  std::vector<float> queries_;
};

TEST_P(ScoreCapTest, TileAttention) {
  const Tile tiles[] = {{0, 64}, {70, 13}, {128, 22}};
  ExpectCapped([&](bool reference, float cap) {
    std::vector<float> outputs(static_cast<size_t>(group_heads() * head_dim()));
    std::vector<SoftmaxState> states(static_cast<size_t>(group_heads()));
    (reference ? TileAttentionRef : TileAttention)({.queries = queries_.data(),
                                                    .group_heads = group_heads(),
                                                    .scale = scale(),
                                                    .score_cap = cap,
                                                    .kv = pages_.View(),
                                                    .tiles = tiles,
                                                    .num_tiles = 3},
                                                   states.data(), outputs.data());
    for (size_t i = 0; i < outputs.size(); ++i) {
      outputs[i] /= states[i / static_cast<size_t>(head_dim())].sum;
    }
    for (const SoftmaxState& state : states) outputs.push_back(state.LogSumExp());
    return outputs;
  });
}

TEST_P(ScoreCapTest, CausalAttentionWithAndWithoutAWindow) {
  for (const int64_t window : {0, 40}) {
    ExpectCapped([&](bool reference, float cap) {
      const int64_t stride = int64_t{group_heads()} * head_dim();
      std::vector<float> outputs(static_cast<size_t>(kRows * stride));
      std::vector<float> lse(static_cast<size_t>(kRows * group_heads()));
      const CausalAttentionArgs args = {.queries = queries_.data(),
                                        .query_row_stride = stride,
                                        .rows = kRows,
                                        .group_heads = group_heads(),
                                        .scale = scale(),
                                        .score_cap = cap,
                                        .first_position = kTokens - kRows,
                                        .dense_start = window == 0 ? 0 : 64,
                                        .window = window,
                                        .kv = pages_.View(),
                                        .outputs = outputs.data(),
                                        .output_row_stride = stride,
                                        .lse = lse.data(),
                                        .lse_row_stride = group_heads()};
      if (reference) {
        CausalAttentionRef(args);
      } else {
        AlignedBuffer<float> scratch(CausalAttentionScratch(head_dim(), head_dim(), group_heads()));
        CausalAttention(args, scratch.data());
      }
      outputs.insert(outputs.end(), lse.begin(), lse.end());
      return outputs;
    });
  }
}

TEST_P(ScoreCapTest, KeyScore) {
  const int32_t tokens[] = {3, 4, 5, 90, 17, 149};
  ExpectCapped([&](bool reference, float cap) {
    std::vector<float> scores(static_cast<size_t>(6 * group_heads()));
    (reference ? KeyScoreRef : KeyScore)({.queries = queries_.data(),
                                          .group_heads = group_heads(),
                                          .scale = scale(),
                                          .score_cap = cap,
                                          .kv = pages_.View(),
                                          .tokens = tokens,
                                          .num_tokens = 6},
                                         scores.data(), 6);
    return scores;
  });
}

TEST_P(ScoreCapTest, LocalMass) {
  ExpectCapped([&](bool reference, float cap) {
    const std::vector<float> lse(static_cast<size_t>(group_heads()), 6.0f);
    std::vector<float> mass(1 + 90);
    (reference ? LocalMassRef : LocalMass)({.queries = queries_.data(),
                                            .lse = lse.data(),
                                            .group_heads = group_heads(),
                                            .scale = scale(),
                                            .score_cap = cap,
                                            .kv = pages_.View(),
                                            .position = kTokens - 1,
                                            .sink = 4,
                                            .window = 90},
                                           mass.data());
    return mass;
  });
}

TEST_P(ScoreCapTest, ColumnMass) {
  ExpectCapped([&](bool reference, float cap) {
    const std::vector<float> lse(static_cast<size_t>(kRows * group_heads()), 6.0f);
    std::vector<float> mass(kTokens - 5);
    (reference ? ColumnMassRef : ColumnMass)(
        {.queries = queries_.data(),
         .query_row_stride = int64_t{group_heads()} * head_dim(),
         .lse = lse.data(),
         .lse_row_stride = group_heads(),
         .rows = kRows,
         .group_heads = group_heads(),
         .scale = scale(),
         .score_cap = cap,
         .first_position = kTokens - kRows,
         .kv = pages_.View(),
         .keys = {5, kTokens}},
        mass.data());
    return mass;
  });
}

TEST_P(ScoreCapTest, SummaryScoreOfEachKind) {
  const int vectors = 2, blocks = 70;
  std::vector<f16> summaries = RandomF16(rng_, static_cast<size_t>(blocks * vectors * head_dim()));
  const auto width = static_cast<size_t>(head_dim());
  for (size_t i = 0; i < summaries.size(); ++i) {  // bounds: the lower ones first
    if (i / width % 2 == 0 && F32FromF16(summaries[i]) > F32FromF16(summaries[i + width])) {
      std::swap(summaries[i], summaries[i + width]);
    }
  }
  for (const SummaryKind kind : {SummaryKind::kMean, SummaryKind::kMinMax}) {
    for (const bool every_row : {false, true}) {
      ExpectCapped([&](bool reference, float cap) {
        std::vector<float> scores(static_cast<size_t>(blocks * vectors * group_heads()));
        (reference ? SummaryScoreRef : SummaryScore)({.kind = kind,
                                                      .queries = queries_.data(),
                                                      .group_heads = group_heads(),
                                                      .head_dim = head_dim(),
                                                      .scale = scale(),
                                                      .score_cap = cap,
                                                      .summaries = {.f16s = summaries.data()},
                                                      .vectors = vectors,
                                                      .num_blocks = blocks,
                                                      .every_row = every_row},
                                                     scores.data(), blocks * vectors);
        return scores;
      });
    }
  }
}

TEST_P(ScoreCapTest, RunScore) {
  const std::vector<f16> means = RandomF16(rng_, static_cast<size_t>(kMeanChunk * head_dim()));
  const f16* chunk = means.data();
  ExpectCapped([&](bool reference, float cap) {
    const RunScoreArgs args = {.queries = queries_.data(),
                               .query_row_stride = int64_t{group_heads()} * head_dim(),
                               .rows = kRows,
                               .group_heads = group_heads(),
                               .head_dim = head_dim(),
                               .scale = scale(),
                               .score_cap = cap,
                               .chunks = &chunk,
                               .num_runs = 50};
    std::vector<float> worth(50);
    AlignedBuffer<float> scratch(RunScoreScratch(head_dim(), 50));
    if (reference) {
      RunScoreRef(args, worth.data());
    } else {
      RunScore(args, scratch.data(), worth.data());
    }
    return worth;
  });
}

INSTANTIATE_TEST_SUITE_P(All, ScoreCapTest, KernelCases(2e-5), KernelCaseName);

}  // namespace
}  // namespace dynsplit
