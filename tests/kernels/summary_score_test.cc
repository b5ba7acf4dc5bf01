#include "kernels/summary_score.h"

#include <numeric>

#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

class SummaryScoreIsaTest : public IsaTest {};

TEST_P(SummaryScoreIsaTest, BestMeanAndBoundByHand) {
  // One block of two vectors: (1, -2, 0, ...) and (3, 1, 0, ...).
  std::vector<f16> summaries(32, f16{0});
  summaries[0] = F16FromF32(1);
  summaries[1] = F16FromF32(-2);
  summaries[16] = F16FromF32(3);
  summaries[17] = F16FromF32(1);
  std::vector<float> queries(32, 0.0f);
  queries[0] = -2;  // head 0: (-2, 1), head 1: (1, 4)
  queries[1] = 1;
  queries[16] = 1;
  queries[17] = 4;
  SummaryScoreArgs args;
  args.queries = queries.data();
  args.group_heads = 2;
  args.head_dim = 16;
  args.scale = 0.5f;
  args.summaries = summaries.data();
  args.vectors = 2;
  args.num_blocks = 1;
  float scores[4] = {9, 9, 9, 9};
  SummaryScore(args, scores, 3);
  EXPECT_EQ(scores[0], -2);   // max(-4, -5) / 2
  EXPECT_EQ(scores[3], 3.5);  // max(-7, 7) / 2
  EXPECT_EQ(scores[1], 9);
  args.kind = SummaryKind::kMinMax;
  SummaryScore(args, scores, 3);
  EXPECT_EQ(scores[0], -0.5);  // (max(-2, -6) + max(-2, 1)) / 2
  EXPECT_EQ(scores[3], 3.5);   // (max(1, 3) + max(-8, 4)) / 2
}

TEST_P(SummaryScoreIsaTest, PoolIsTheMeanOfTheHeadsSoftmax) {
  const float l3 = std::log(3.0f);
  std::vector<float> scores = {0, l3, 7, 100, 100, 7};  // two heads, two blocks, stride 3
  float pooled[2];
  PoolScores(scores.data(), 3, 2, 2, pooled);
  EXPECT_FLOAT_EQ(pooled[0], (0.25f + 0.5f) / 2);
  EXPECT_FLOAT_EQ(pooled[1], (0.75f + 0.5f) / 2);
  EXPECT_EQ(scores[2], 7);
}

TEST_P(SummaryScoreIsaTest, PoolOfAnyNumberOfBlocks) {
  Rng rng(5);
  for (int64_t blocks = 0; blocks <= 35; ++blocks) {
    std::vector<float> scores = RandomFloats(rng, static_cast<size_t>(3 * blocks + 3), 30);
    std::vector<float> same = scores;
    std::vector<float> got(static_cast<size_t>(blocks) + 1, 9.0f), want = got;
    PoolScores(scores.data(), blocks + 1, 3, blocks, got.data());
    PoolScoresRef(same.data(), blocks + 1, 3, blocks, want.data());
    ExpectNear(got, want, 5e-6);
    EXPECT_NEAR(std::accumulate(got.begin(), got.end(), -9.0), blocks > 0 ? 1 : 0, 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(All, SummaryScoreIsaTest, testing::ValuesIn(AvailableIsas()), IsaCaseName);

class SummaryScoreTest : public KernelTest {
 protected:
  // Makes the first vector of each block the lesser one, element by element.
  void OrderPairs(std::vector<f16>& summaries) {
    for (size_t block = 0; block < summaries.size(); block += 2 * head_dim()) {
      for (size_t j = block; j < block + head_dim(); ++j) {
        f16& other = summaries[j + head_dim()];
        if (F32FromF16(summaries[j]) > F32FromF16(other)) std::swap(summaries[j], other);
      }
    }
  }

  void ExpectLikeReference(SummaryKind kind, int vectors, int64_t num_blocks) {
    auto summaries = RandomF16(rng_, static_cast<size_t>(num_blocks * vectors * head_dim()));
    if (kind == SummaryKind::kMinMax) OrderPairs(summaries);
    const auto queries = RandomFloats(rng_, static_cast<size_t>(group_heads()) * head_dim());
    SummaryScoreArgs args;
    args.kind = kind;
    args.queries = queries.data();
    args.group_heads = group_heads();
    args.head_dim = head_dim();
    args.scale = scale();
    args.summaries = summaries.data();
    args.vectors = vectors;
    args.num_blocks = num_blocks;
    const int64_t stride = num_blocks + 3;
    std::vector<float> got(static_cast<size_t>(stride) * group_heads(), 9.0f), want = got;
    SummaryScore(args, got.data(), stride);
    SummaryScoreRef(args, want.data(), stride);
    ExpectNear(got, want, tolerance());
  }
};

TEST_P(SummaryScoreTest, MeansOfAnyCount) {
  ForGroupSizes([&] {
    for (int64_t num_blocks : {0, 1, 2, 3, 5, 17, 65}) {
      ExpectLikeReference(SummaryKind::kMean, 1, num_blocks);
      ExpectLikeReference(SummaryKind::kMean, 3, num_blocks);
    }
    ExpectLikeReference(SummaryKind::kMean, 4, 100);
    ExpectLikeReference(SummaryKind::kMean, 1, 195);
  });
}

TEST_P(SummaryScoreTest, BoundsOfAnyCount) {
  ForGroupSizes([&] {
    for (int64_t num_blocks : {0, 1, 2, 7, 64, 195}) {
      ExpectLikeReference(SummaryKind::kMinMax, 2, num_blocks);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(All, SummaryScoreTest, KernelCases(5e-6), KernelCaseName);

}  // namespace
}  // namespace dynsplit
