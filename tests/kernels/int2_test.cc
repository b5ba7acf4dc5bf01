#include "kernels/int2.h"

#include <algorithm>

#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

class Int2IsaTest : public IsaTest {};

TEST_P(Int2IsaTest, CodesByHand) {
  // Center 1, step 2: codes 0..3 stand for -2, 0, 2 and 4, parted at -1, 1 and 3.
  std::vector<f16> scale(32, F16FromF32(1));
  std::fill(scale.begin() + 16, scale.end(), F16FromF32(2));
  const float values[16] = {-2, 0, 2, 4, -99, 99, -1.01f, -1, 0.99f, 1, 2.99f, 3, 0, 2, 4, -2};
  const int codes[16] = {0, 1, 2, 3, 0, 3, 0, 1, 1, 2, 2, 3, 1, 2, 3, 0};
  std::vector<f16> vector(16);
  std::transform(std::begin(values), std::end(values), vector.begin(), F16FromF32);
  // As vector 17, among others that stay.
  std::vector<uint8_t> panels(Int2Bytes(16, 18), 0xff);
  QuantizeInt2({vector.data(), 1, 16}, scale.data(), 17, panels.data());
  for (int j = 0; j < 16; ++j) {
    const int code = Int2Code(panels.data(), PlaceOfInt2(16, 17, j));
    EXPECT_EQ(code, codes[j]) << j;
    EXPECT_EQ(Int2Value(scale.data(), 16, j, code), -2 + 2 * codes[j]);
    EXPECT_EQ(Int2Code(panels.data(), PlaceOfInt2(16, 1, j)), 3);
    EXPECT_EQ(Int2Code(panels.data(), PlaceOfInt2(16, 18, j)), 3);
  }
  // Channels 1, 5, 9 and 13 of vector 17, the second one of its group, share its second byte.
  EXPECT_EQ(panels[64 + 4 + 1], codes[1] | codes[5] << 2 | codes[9] << 4 | codes[13] << 6);
}

TEST(Int2, FourGroupsLieLineByLine) {
  // Of 48 channels a group has three lines, a panel twelve.
  EXPECT_EQ(PlaceOfInt2(48, 0, 16).byte, 4u * 64);
  EXPECT_EQ(PlaceOfInt2(48, 2 * 16 + 3, 2 * 16 + 5).byte, (2 * 4 + 2) * 64u + 3 * 4 + 1);
  EXPECT_EQ(PlaceOfInt2(48, 2 * 16 + 3, 2 * 16 + 5).shift, 2);
  EXPECT_EQ(PlaceOfInt2(48, 64, 0).byte, 12u * 64);
  EXPECT_EQ(Int2Bytes(48, 1), 12u * 64);
  EXPECT_EQ(Int2Bytes(48, 65), 2 * 12u * 64);
}

TEST_P(Int2IsaTest, ScaleByHand) {
  // Channel 0: 1 and 3. Channel 1: 8 both times, which is where all the length is: sqrt(69 / 16) is
  // the root mean square of the 16 channels' distances to zero, of 2^2 + 1 + 8^2 each.
  std::vector<f16> vectors(32, f16{0});
  vectors[0] = F16FromF32(1);
  vectors[16] = F16FromF32(3);
  vectors[1] = vectors[17] = F16FromF32(8);
  std::vector<f16> scale(32);
  LearnInt2Scale({vectors.data(), 2, 16}, scale.data());
  const float least = std::sqrt(69.0f / 16) / 16;
  EXPECT_EQ(F32FromF16(scale[0]), 2);
  EXPECT_EQ(F32FromF16(scale[1]), 8);
  EXPECT_EQ(F32FromF16(scale[2]), 0);
  EXPECT_EQ(F32FromF16(scale[16]), 1);
  EXPECT_NEAR(F32FromF16(scale[17]), least, 1e-3 * least);
  EXPECT_NEAR(F32FromF16(scale[31]), least, 1e-3 * least);
}

TEST_P(Int2IsaTest, ZerosHaveNoStepAndAreSafe) {
  const std::vector<f16> vectors(64, f16{0});
  std::vector<f16> scale(32, 0x7e00);
  LearnInt2Scale({vectors.data(), 4, 16}, scale.data());
  std::vector<uint8_t> panels(Int2Bytes(16, 4), 0xff);
  QuantizeInt2({vectors.data(), 4, 16}, scale.data(), 0, panels.data());
  for (int j = 0; j < 16; ++j) {
    const int code = Int2Code(panels.data(), PlaceOfInt2(16, 3, j));
    EXPECT_EQ(Int2Value(scale.data(), 16, j, code), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Int2IsaTest, ::testing::ValuesIn(AvailableIsas()), IsaCaseName);

class Int2Test : public KernelTest {};

TEST_P(Int2Test, LearnsLikeTheReference) {
  const size_t d = static_cast<size_t>(head_dim());
  for (const int64_t count : {1, 2, 7, 300}) {
    auto vectors = RandomF16(rng_, static_cast<size_t>(count) * d, 3);
    for (size_t i = 0; i < vectors.size(); i += d)
      vectors[i] = F16FromF32(40);  // its step: the least
    std::vector<f16> got(2 * d), want(2 * d);
    LearnInt2Scale({vectors.data(), count, head_dim()}, got.data());
    LearnInt2ScaleRef({vectors.data(), count, head_dim()}, want.data());
    for (size_t i = 0; i < got.size(); ++i) {
      const float wanted = F32FromF16(want[i]);
      ASSERT_NEAR(F32FromF16(got[i]), wanted, 1e-3f * (1 + std::fabs(wanted))) << count << " " << i;
    }
  }
}

TEST_P(Int2Test, EqualsTheReference) {
  const size_t d = static_cast<size_t>(head_dim());
  for (const int64_t count : {0, 1, 5, 33}) {
    const auto vectors = RandomF16(rng_, static_cast<size_t>(count) * d);
    auto scale = RandomF16(rng_, 2 * d);
    for (size_t j = d; j < 2 * d; ++j) scale[j] &= 0x7fff;  // a step is not negative
    scale[d + 3] = 0;
    std::vector<uint8_t> got(Int2Bytes(head_dim(), 30 + count), 9), want = got;
    QuantizeInt2({vectors.data(), count, head_dim()}, scale.data(), 30, got.data());
    QuantizeInt2Ref({vectors.data(), count, head_dim()}, scale.data(), 30, want.data());
    EXPECT_EQ(got, want) << count;
  }
}

// Of normal channels, each with a center and a spread of its own, 12 % of the variance is lost.
TEST_P(Int2Test, WhatIsLostOfANormalDistribution) {
  const size_t d = static_cast<size_t>(head_dim());
  constexpr int64_t kCount = 400;
  const auto centers = RandomFloats(rng_, d, 5);
  std::vector<f16> vectors;
  for (int64_t i = 0; i < kCount; ++i) {
    for (size_t j = 0; j < d; ++j) {
      const double spread = 0.5 + static_cast<double>(j % 4);
      vectors.push_back(F16FromF32(centers[j] + RandomNormal(rng_, spread)));
    }
  }
  std::vector<f16> scale(2 * d);
  LearnInt2Scale({vectors.data(), kCount, head_dim()}, scale.data());
  std::vector<uint8_t> panels(Int2Bytes(head_dim(), kCount));
  QuantizeInt2({vectors.data(), kCount, head_dim()}, scale.data(), 0, panels.data());
  double lost = 0, all = 0;
  for (size_t i = 0; i < vectors.size(); ++i) {
    const int j = static_cast<int>(i % d);
    const double value = F32FromF16(vectors[i]);
    const int code =
        Int2Code(panels.data(), PlaceOfInt2(head_dim(), static_cast<int64_t>(i / d), j));
    lost += std::pow(value - Int2Value(scale.data(), head_dim(), j, code), 2);
    all += std::pow(value - centers[static_cast<size_t>(j)], 2);
  }
  EXPECT_NEAR(lost / all, 0.12, 0.02);
}

INSTANTIATE_TEST_SUITE_P(All, Int2Test, KernelCases(0), KernelCaseName);

}  // namespace
}  // namespace dynsplit
