#include "base/numeric.h"

#include <gtest/gtest.h>

#include <limits>

namespace dynsplit {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

TEST(Numeric, Add) {
  EXPECT_EQ(CheckedAdd(2, 3), 5u);
  EXPECT_EQ(CheckedAdd(kMax - 1, 1), kMax);
  EXPECT_EQ(CheckedAdd(kMax, 1), std::nullopt);
}

TEST(Numeric, Multiply) {
  EXPECT_EQ(CheckedMultiply(6, 7), 42u);
  EXPECT_EQ(CheckedMultiply(kMax, 0), 0u);
  EXPECT_EQ(CheckedMultiply(uint64_t{1} << 32, uint64_t{1} << 31), uint64_t{1} << 63);
  EXPECT_EQ(CheckedMultiply(uint64_t{1} << 32, uint64_t{1} << 32), std::nullopt);
}

TEST(Numeric, RoundUp) {
  EXPECT_EQ(CheckedRoundUp(0, 32), 0u);
  EXPECT_EQ(CheckedRoundUp(1, 32), 32u);
  EXPECT_EQ(CheckedRoundUp(32, 32), 32u);
  EXPECT_EQ(CheckedRoundUp(33, 32), 64u);
  EXPECT_EQ(CheckedRoundUp(kMax - 31, 32), kMax - 31);
  EXPECT_EQ(CheckedRoundUp(kMax - 30, 32), std::nullopt);
}

}  // namespace
}  // namespace dynsplit
