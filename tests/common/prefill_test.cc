#include "apps/common/prefill.h"

#include <gtest/gtest.h>

namespace dynsplit {
namespace {

TEST(PrefillTest, ReadsUnderTheMethodThatCountsVotes) {
  const Method full = *MethodPreset("full"), snapkv = *MethodPreset("snapkv");
  const Method h2o = *MethodPreset("h2o");
  EXPECT_EQ(MethodToReadUnder(std::vector{full, h2o, snapkv}).policy, Policy::kH2o);
  EXPECT_EQ(MethodToReadUnder(std::vector{full, snapkv}).name, Method().name);
  EXPECT_EQ(MethodToReadUnder({}).name, Method().name);
}

}  // namespace
}  // namespace dynsplit
