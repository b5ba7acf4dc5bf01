#include "kernels/f16.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace dynsplit {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(F16, KnownValues) {
  EXPECT_EQ(F32FromF16(0x0000), 0.0f);
  EXPECT_EQ(F32FromF16(0x3c00), 1.0f);
  EXPECT_EQ(F32FromF16(0xc000), -2.0f);
  EXPECT_EQ(F32FromF16(0x3555), 0.333251953125f);
  EXPECT_EQ(F32FromF16(0x7bff), 65504.0f);
  EXPECT_EQ(F32FromF16(0x0400), 0x1.0p-14f);  // smallest normal
  EXPECT_EQ(F32FromF16(0x0001), 0x1.0p-24f);  // smallest subnormal
  EXPECT_EQ(F32FromF16(0x83ff), -0x3ffp-24f);
  EXPECT_EQ(F32FromF16(0x7c00), kInfinity);
  EXPECT_EQ(F32FromF16(0xfc00), -kInfinity);
  EXPECT_TRUE(std::isnan(F32FromF16(0x7e00)));
  EXPECT_TRUE(std::signbit(F32FromF16(0x8000)));
}

TEST(F16, RoundsToNearestEven) {
  EXPECT_EQ(F16FromF32(1.0f + 0x1.0p-11f), 0x3c00);  // a tie, down to even
  EXPECT_EQ(F16FromF32(1.0f + 0x3.0p-11f), 0x3c02);  // a tie, up to even
  EXPECT_EQ(F16FromF32(1.0f + 0x1.0p-11f + 0x1.0p-20f), 0x3c01);
  EXPECT_EQ(F16FromF32(0x1.0p-25f), 0x0000);  // a tie between subnormals
  EXPECT_EQ(F16FromF32(0x3.0p-25f), 0x0002);
  EXPECT_EQ(F16FromF32(0x1.ffcp-15f), 0x0400 - 1 + 1);  // up into the normals
  EXPECT_EQ(F16FromF32(-0x1.0p-30f), 0x8000);
}

TEST(F16, Overflow) {
  EXPECT_EQ(F16FromF32(65504.0f), 0x7bff);
  EXPECT_EQ(F16FromF32(65519.99f), 0x7bff);
  EXPECT_EQ(F16FromF32(65520.0f), 0x7c00);
  EXPECT_EQ(F16FromF32(-1e30f), 0xfc00);
  EXPECT_EQ(F16FromF32(kInfinity), 0x7c00);
  EXPECT_EQ(F16FromF32(std::numeric_limits<float>::quiet_NaN()) & 0x7e00, 0x7e00);
}

TEST(F16, EveryValueSurvivesARoundTrip) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = F32FromF16(static_cast<f16>(bits));
    if (std::isnan(value)) continue;
    ASSERT_EQ(F16FromF32(value), bits);
  }
}

}  // namespace
}  // namespace dynsplit
