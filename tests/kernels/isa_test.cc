#include "kernels/isa.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dynsplit {
namespace {

TEST(Isa, TheBestAvailableIsActive) {
  ASSERT_FALSE(AvailableIsas().empty());
  EXPECT_EQ(ActiveIsa(), AvailableIsas().front());
}

TEST(Isa, PortableCodeIsAlwaysThere) {
  EXPECT_THAT(AvailableIsas().back(), ::testing::AnyOf("SCALAR", "EMU128"));
}

TEST(Isa, RestrictionHoldsAndIsLifted) {
  const std::vector<std::string> isas = AvailableIsas();
  for (const std::string& isa : isas) {
    EXPECT_TRUE(RestrictIsa(isa));
    EXPECT_EQ(ActiveIsa(), isa);
    EXPECT_EQ(AvailableIsas(), isas);
  }
  EXPECT_TRUE(RestrictIsa(""));
  EXPECT_EQ(ActiveIsa(), isas.front());
}

TEST(Isa, UnknownNameChangesNothing) {
  EXPECT_FALSE(RestrictIsa("AVX9000"));
  EXPECT_EQ(ActiveIsa(), AvailableIsas().front());
}

}  // namespace
}  // namespace dynsplit
