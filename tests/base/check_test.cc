#include "base/check.h"

#include <gtest/gtest.h>

namespace dynsplit {
namespace {

TEST(Check, PassesATrueCondition) {
  int evaluated = 0;
  DYNSPLIT_CHECK(++evaluated == 1);
  EXPECT_EQ(evaluated, 1);
}

TEST(CheckDeathTest, NamesFileAndCondition) {
  EXPECT_DEATH(DYNSPLIT_CHECK(1 + 1 == 3), "check_test.cc:[0-9]+: check failed: 1 \\+ 1 == 3");
}

}  // namespace
}  // namespace dynsplit
