#include "kernels/quantize_summary.h"

#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

// A summary in int8, read back.
struct Quantized {
  std::vector<int8_t> int8s;
  std::vector<float> scales;

  double Value(size_t i, int row_length) const {
    return double{scales[i / static_cast<size_t>(row_length)]} * int8s[i];
  }
};

Quantized Quantize(decltype(QuantizeSummary)* quantize, SummaryKind kind,
                   const std::vector<f16>& summary, int vectors) {
  const int head_dim = static_cast<int>(summary.size()) / vectors;
  Quantized result{std::vector<int8_t>(summary.size(), 99),
                   std::vector<float>(static_cast<size_t>(SummaryRows(kind, vectors)))};
  quantize({kind, summary.data(), vectors, head_dim}, result.int8s.data(), result.scales.data());
  return result;
}

class QuantizeSummaryIsaTest : public IsaTest {};

TEST_P(QuantizeSummaryIsaTest, MeansByHand) {
  std::vector<f16> summary(32, f16{0});
  const float values[] = {127, -127, 63, 0.5f, 1.5f, -2.5f, 0.25f};
  for (size_t j = 0; j < std::size(values); ++j) summary[j] = F16FromF32(values[j]);
  const Quantized got = Quantize(QuantizeSummary, SummaryKind::kMean, summary, 2);
  EXPECT_EQ(got.scales[0], 1);
  EXPECT_EQ(std::vector<int8_t>(got.int8s.begin(), got.int8s.begin() + 8),
            std::vector<int8_t>({127, -127, 63, 0, 2, -2, 0, 0}));  // ties to even
  for (size_t j = 16; j < 32; ++j) EXPECT_EQ(got.int8s[j], 0);      // the second mean is zero
}

TEST_P(QuantizeSummaryIsaTest, BoundsShareAScaleAndAreRoundedOutwards) {
  std::vector<f16> summary(32);
  for (size_t j = 0; j < 32; ++j) summary[j] = F16FromF32(j < 16 ? -1.25f : 1.25f);
  summary[0] = F16FromF32(-254);
  summary[16] = F16FromF32(127);
  const Quantized got = Quantize(QuantizeSummary, SummaryKind::kMinMax, summary, 2);
  ASSERT_EQ(got.scales, std::vector<float>({2}));
  EXPECT_EQ(got.int8s[0], -127);
  EXPECT_EQ(got.int8s[1], -1);   // -0.625 down
  EXPECT_EQ(got.int8s[16], 64);  // 63.5 up
  EXPECT_EQ(got.int8s[17], 1);   // 0.625 up
}

INSTANTIATE_TEST_SUITE_P(All, QuantizeSummaryIsaTest, ::testing::ValuesIn(AvailableIsas()),
                         IsaCaseName);

class QuantizeSummaryTest : public KernelTest {};

TEST_P(QuantizeSummaryTest, EqualsTheReferenceAndLosesHalfAStep) {
  for (const double spread : {1e-6, 1e-2, 1.0, 5000.0}) {
    const auto summary = RandomF16(rng_, static_cast<size_t>(3) * head_dim(), spread);
    const Quantized got = Quantize(QuantizeSummary, SummaryKind::kMean, summary, 3);
    const Quantized want = Quantize(QuantizeSummaryRef, SummaryKind::kMean, summary, 3);
    EXPECT_EQ(got.int8s, want.int8s);
    EXPECT_EQ(got.scales, want.scales);
    for (size_t i = 0; i < summary.size(); ++i) {
      const double scale = got.scales[i / static_cast<size_t>(head_dim())];
      ASSERT_NEAR(got.Value(i, head_dim()), F32FromF16(summary[i]), 0.5001 * scale);
    }
  }
}

TEST_P(QuantizeSummaryTest, BoundsStayBoundsExactly) {
  for (int round = 0; round < 40; ++round) {
    const double spread = std::exp2(round - 26);  // from all subnormal to half the largest f16
    auto summary = RandomF16(rng_, static_cast<size_t>(2) * head_dim(), spread);
    const Quantized got = Quantize(QuantizeSummary, SummaryKind::kMinMax, summary, 2);
    const Quantized want = Quantize(QuantizeSummaryRef, SummaryKind::kMinMax, summary, 2);
    ASSERT_EQ(got.int8s, want.int8s);
    ASSERT_EQ(got.scales, want.scales);
    for (size_t i = 0; i < summary.size(); ++i) {
      const double exact = F32FromF16(summary[i]), bound = got.Value(i, 2 * head_dim());
      if (i < static_cast<size_t>(head_dim())) {
        ASSERT_LE(bound, exact);
      } else {
        ASSERT_GE(bound, exact);
      }
      ASSERT_LT(std::fabs(bound - exact), got.scales[0]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, QuantizeSummaryTest, KernelCases(0), KernelCaseName);

}  // namespace
}  // namespace dynsplit
