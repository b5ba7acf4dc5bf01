#include "kernels/summary_score.h"

#include <limits>

#include "kernels/int2.h"
#include "kernels/kernel_fixture.h"
#include "kernels/quantize_summary.h"

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
  args.summaries = {.f16s = summaries.data()};
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

TEST_P(SummaryScoreIsaTest, EveryRowAndInt8ByHand) {
  // One block: (1, -2, 0, ...) in steps of 0.5 and (3, 1, 0, ...) in steps of 0.25.
  std::vector<int8_t> int8s(32, 0);
  int8s[0] = 2;
  int8s[1] = -4;
  int8s[16] = 12;
  int8s[17] = 4;
  const float scales[] = {0.5f, 0.25f};
  std::vector<float> query(16, 0.0f);
  query[0] = 1;
  query[1] = 4;
  SummaryScoreArgs args;
  args.queries = query.data();
  args.head_dim = 16;
  args.summaries = {.int8s = int8s.data(), .scales = scales};
  args.vectors = 2;
  args.num_blocks = 1;
  float scores[3] = {9, 9, 9};
  SummaryScore(args, scores, 3);
  EXPECT_NEAR(scores[0], 7, 2e-4);
  EXPECT_EQ(scores[1], 9);
  args.every_row = true;
  SummaryScore(args, scores, 3);
  EXPECT_NEAR(scores[0], -7, 2e-4);
  EXPECT_NEAR(scores[1], 7, 2e-4);
  EXPECT_EQ(scores[2], 9);
  args.every_row = false;
  args.kind = SummaryKind::kMinMax;  // one row, in steps of 0.5: (1, -2, ...) to (6, 2, ...)
  SummaryScore(args, scores, 3);
  EXPECT_NEAR(scores[0], 6 + 8, 3e-4);
}

TEST_P(SummaryScoreIsaTest, ExtremeInt8SumsDoNotOverflow) {
  const std::vector<int8_t> int8s(2 * kMaxHeadDim, 127);
  const std::vector<float> query(kMaxHeadDim, 1000.0f);
  const float scale = 1;
  SummaryScoreArgs args;
  args.kind = SummaryKind::kMinMax;
  args.queries = query.data();
  args.head_dim = kMaxHeadDim;
  args.summaries = {.int8s = int8s.data(), .scales = &scale};
  args.vectors = 2;
  args.num_blocks = 1;
  float score = 0;
  SummaryScore(args, &score, 1);
  EXPECT_FLOAT_EQ(score, 1000.0f * 127 * kMaxHeadDim);
}

TEST_P(SummaryScoreIsaTest, ZeroAndBrokenQueriesAreSafeInInt8) {
  const std::vector<int8_t> int8s(64, -127);
  const std::vector<float> scales(4, 1.0f);
  std::vector<float> query(16, 0.0f);
  SummaryScoreArgs args;
  args.queries = query.data();
  args.head_dim = 16;
  args.summaries = {.int8s = int8s.data(), .scales = scales.data()};
  args.num_blocks = 4;
  float scores[4] = {9, 9, 9, 9};
  SummaryScore(args, scores, 4);
  EXPECT_EQ(scores[0], 0);
  EXPECT_EQ(scores[3], 0);
  query.assign(16, std::nanf(""));
  SummaryScore(args, scores, 4);  // whatever it gives
}

// All steps are the greatest one and all codes 3, so that sums of 16 bits are as far from zero as
// they get; in whole groups and in parts of them.
TEST_P(SummaryScoreIsaTest, ExtremeInt2SumsDoNotOverflow) {
  constexpr int64_t kBlocks = 50;
  for (int head_dim = 16; head_dim <= kMaxHeadDim; head_dim += 16) {
    const std::vector<uint8_t> codes(Int2Bytes(head_dim, 7 + kBlocks), 0xff);
    const std::vector<f16> scale(Int2ScaleElements(head_dim), F16FromF32(1));
    for (const float value : {1000.0f, -1000.0f}) {
      const std::vector<float> query(static_cast<size_t>(head_dim), value);
      SummaryScoreArgs args;
      args.queries = query.data();
      args.head_dim = head_dim;
      args.summaries = {.int2s = codes.data(), .int2_scale = scale.data(), .int2_first = 7};
      args.num_blocks = kBlocks;
      std::vector<float> scores(kBlocks);
      SummaryScore(args, scores.data(), kBlocks);
      for (const float score : scores) {
        ASSERT_NEAR(score, value * 2.5f * static_cast<float>(head_dim), 100) << head_dim;
      }
    }
  }
}

TEST_P(SummaryScoreIsaTest, ZeroAndBrokenQueriesAreSafeInInt2) {
  const std::vector<uint8_t> codes(Int2Bytes(16, kInt2Group), 0x6c);
  const std::vector<f16> scale(Int2ScaleElements(16), F16FromF32(1));
  std::vector<float> query(16, 0.0f);
  SummaryScoreArgs args;
  args.queries = query.data();
  args.head_dim = 16;
  args.summaries = {.int2s = codes.data(), .int2_scale = scale.data()};
  args.num_blocks = kInt2Group;
  float scores[kInt2Group + 1];
  std::fill_n(scores, kInt2Group + 1, 9.0f);
  SummaryScore(args, scores, kInt2Group);
  EXPECT_EQ(scores[0], 0);
  EXPECT_EQ(scores[kInt2Group - 1], 0);
  for (const float broken : {std::nanf(""), std::numeric_limits<float>::infinity(), 1e38f}) {
    query.assign(16, broken);
    SummaryScore(args, scores, kInt2Group);  // whatever it gives
    EXPECT_EQ(scores[kInt2Group], 9);
  }
}

INSTANTIATE_TEST_SUITE_P(All, SummaryScoreIsaTest, ::testing::ValuesIn(AvailableIsas()),
                         IsaCaseName);

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

  // num_blocks random summaries, in all types; int2 for means alone.
  struct Summaries {
    std::vector<f16> f16s;
    std::vector<int8_t> int8s;
    std::vector<float> scales;
    std::vector<uint8_t> int2s;
    std::vector<f16> int2_scale;
  };

  Summaries RandomSummaries(SummaryKind kind, int vectors, int64_t num_blocks) {
    const size_t block_elements = static_cast<size_t>(vectors) * head_dim();
    const size_t rows = static_cast<size_t>(SummaryRows(kind, vectors));
    Summaries summaries;
    summaries.f16s = RandomF16(rng_, static_cast<size_t>(num_blocks) * block_elements);
    if (kind == SummaryKind::kMinMax) OrderPairs(summaries.f16s);
    summaries.int8s.resize(summaries.f16s.size());
    summaries.scales.resize(static_cast<size_t>(num_blocks) * rows);
    for (size_t b = 0; b < static_cast<size_t>(num_blocks); ++b) {
      QuantizeSummary({kind, &summaries.f16s[b * block_elements], vectors, head_dim()},
                      &summaries.int8s[b * block_elements], &summaries.scales[b * rows]);
    }
    summaries.int2_scale = RandomF16(rng_, Int2ScaleElements(head_dim()));
    for (size_t j = static_cast<size_t>(head_dim()); j < summaries.int2_scale.size(); ++j) {
      summaries.int2_scale[j] &= 0x7fff;  // a step is not negative
    }
    summaries.int2s.resize(Int2Bytes(head_dim(), kInt2First + num_blocks * vectors));
    QuantizeInt2({summaries.f16s.data(), num_blocks * vectors, head_dim()},
                 summaries.int2_scale.data(), kInt2First, summaries.int2s.data());
    return summaries;
  }

  void ExpectLikeReference(SummaryKind kind, int vectors, int64_t num_blocks) {
    const Summaries summaries = RandomSummaries(kind, vectors, num_blocks);
    const auto queries = RandomFloats(rng_, static_cast<size_t>(group_heads()) * head_dim());
    SummaryScoreArgs args;
    args.kind = kind;
    args.queries = queries.data();
    args.group_heads = group_heads();
    args.head_dim = head_dim();
    args.scale = scale();
    args.vectors = vectors;
    args.num_blocks = num_blocks;
    for (const bool every_row : {false, true}) {
      args.every_row = every_row;
      args.summaries = {.f16s = summaries.f16s.data()};
      const auto exact = ExpectLikeReference(args, tolerance());
      args.summaries = {.int8s = summaries.int8s.data(), .scales = summaries.scales.data()};
      const auto rounded = ExpectLikeReference(args, kInt8QueryTolerance);
      ExpectNear(rounded, exact, kInt8Tolerance);
      if (kind == SummaryKind::kMinMax) continue;
      args.summaries = {.int2s = summaries.int2s.data(),
                        .int2_scale = summaries.int2_scale.data(),
                        .int2_first = kInt2First};
      args.next = args.summaries;  // fetched alone
      ExpectLikeReference(args, kInt2QueryTolerance);
      args.score_cap = 2;
      ExpectLikeReference(args, kInt2QueryTolerance);
      args.score_cap = 0;
      if (num_blocks >= 5) {  // some of them, in runs that begin and end within groups
        const std::vector<BlockRun> runs = {{0, 1}, {2, 1}, {4, num_blocks - 4}};
        args.runs = args.next_runs = runs;
        args.num_blocks = num_blocks - 2;
        ExpectLikeReference(args, kInt2QueryTolerance);
        args.score_cap = 2;
        ExpectLikeReference(args, kInt2QueryTolerance);
        args.score_cap = 0;
        args.runs = args.next_runs = {};
        args.num_blocks = num_blocks;
      }
      args.next = {};
    }
  }

  std::vector<float> ExpectLikeReference(const SummaryScoreArgs& args, double within) {
    const int64_t stride = args.num_blocks * args.vectors + 3;
    std::vector<float> got(static_cast<size_t>(stride) * group_heads(), 9.0f), want = got;
    SummaryScore(args, got.data(), stride);
    SummaryScoreRef(args, want.data(), stride);
    ExpectNear(got, want, within);
    return got;
  }

  // The query in 16 bits; and int8 beside f16, where bounds, rounded outwards, lose the most: half
  // a step of the summary for each |q|, of all d of which bounds add up one.
  static constexpr double kInt8QueryTolerance = 4e-5;
  static constexpr double kInt8Tolerance = 0.03;
  // Half a 127th of the greatest channel's step is rounded away for each channel; most cancel out.
  // Of the fill value 9, which is the largest: 0.09. Scores spread by 1, so another vector's is off
  // by more.
  static constexpr double kInt2QueryTolerance = 0.01;
  static constexpr int64_t kInt2First = 21;  // within a group
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
