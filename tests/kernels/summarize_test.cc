#include "kernels/summarize.h"

#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

// Tokens 0..99; every element of a key is its token.
class SummarizeIsaTest : public IsaTest {
 protected:
  SummarizeIsaTest() {
    for (int64_t token = 0; token < 100; ++token) {
      std::fill_n(pages_.Key(token), 16, F16FromF32(static_cast<float>(token)));
    }
  }

  std::vector<float> Run(SummaryKind kind, TokenRange block, int vectors) {
    std::vector<f16> out(static_cast<size_t>(vectors) * 16);
    Summarize(kind, pages_.View(), block, vectors, out.data());
    std::vector<float> first_elements;
    for (int v = 0; v < vectors; ++v) {
      EXPECT_EQ(out[v * 16], out[v * 16 + 15]);
      first_elements.push_back(F32FromF16(out[v * 16]));
    }
    return first_elements;
  }

  Rng rng_{1};
  RandomPages pages_{rng_, 100, 16};
};

using Floats = std::vector<float>;

TEST_P(SummarizeIsaTest, MeansOfNearEqualRuns) {
  EXPECT_EQ(Run(SummaryKind::kMean, {10, 14}, 1), Floats({11.5}));
  EXPECT_EQ(Run(SummaryKind::kMean, {10, 14}, 2), Floats({10.5, 12.5}));
  EXPECT_EQ(Run(SummaryKind::kMean, {10, 17}, 3), Floats({10.5, 12.5, 15}));
}

TEST_P(SummarizeIsaTest, ShortBlocksRepeatTheirTokens) {
  EXPECT_EQ(Run(SummaryKind::kMean, {5, 6}, 3), Floats({5, 5, 5}));
  EXPECT_EQ(Run(SummaryKind::kMean, {5, 7}, 3), Floats({5, 5, 6}));
  EXPECT_EQ(Run(SummaryKind::kMean, {5, 7}, 4), Floats({5, 5, 6, 6}));
}

TEST_P(SummarizeIsaTest, BlocksAcrossPages) {
  EXPECT_EQ(Run(SummaryKind::kMean, {60, 69}, 1), Floats({64}));
  EXPECT_EQ(Run(SummaryKind::kMinMax, {60, 69}, 2), Floats({60, 68}));
}

TEST_P(SummarizeIsaTest, ExtremesOfF16) {
  std::fill_n(pages_.Key(0), 16, F16FromF32(65504));
  std::fill_n(pages_.Key(1), 16, F16FromF32(65504));
  std::fill_n(pages_.Key(2), 16, f16{0x8001});  // -2^-24
  EXPECT_EQ(Run(SummaryKind::kMean, {0, 2}, 1), Floats({65504}));
  EXPECT_EQ(Run(SummaryKind::kMinMax, {1, 3}, 2), Floats({-0x1.0p-24f, 65504}));
}

INSTANTIATE_TEST_SUITE_P(All, SummarizeIsaTest, ::testing::ValuesIn(AvailableIsas()), IsaCaseName);

class SummarizeTest : public KernelTest {
 protected:
  void ExpectLikeReference(SummaryKind kind, const KvView& kv, TokenRange block, int vectors) {
    std::vector<f16> got(static_cast<size_t>(vectors) * head_dim(), 0x7e00), want = got;
    Summarize(kind, kv, block, vectors, got.data());
    SummarizeRef(kind, kv, block, vectors, want.data());
    for (size_t i = 0; i < got.size(); ++i) {
      // Sums in f32 or in double may round to neighbours in f16.
      ASSERT_NEAR(F32FromF16(got[i]), F32FromF16(want[i]), tolerance()) << i;
    }
  }
};

TEST_P(SummarizeTest, BlocksOfEveryLength) {
  const RandomPages pages(rng_, 200, head_dim());
  for (int64_t length = 1; length <= 40; ++length) {
    const int64_t start = static_cast<int64_t>(rng_.Below(160));
    ExpectLikeReference(SummaryKind::kMean, pages.View(), {start, start + length}, 1);
    ExpectLikeReference(SummaryKind::kMean, pages.View(), {start, start + length}, 3);
    ExpectLikeReference(SummaryKind::kMinMax, pages.View(), {start, start + length}, 2);
  }
  ExpectLikeReference(SummaryKind::kMean, pages.View(), {0, 200}, 5);
}

INSTANTIATE_TEST_SUITE_P(All, SummarizeTest, KernelCases(2e-3), KernelCaseName);

}  // namespace
}  // namespace dynsplit
