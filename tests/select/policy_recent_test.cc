#include <gtest/gtest.h>

#include "select/policies.h"
#include "select/select_fixture.h"

namespace dynsplit {
namespace {

TEST(PolicyRecentTest, TakesNothingHoweverLargeTheBudget) {
  const std::vector<Block> blocks = BlocksOf({4, 4});
  std::vector<int32_t> chosen;
  SelectRecent(Method(), InputOf(blocks, 100), nullptr, &chosen);
  EXPECT_TRUE(chosen.empty());
}

}  // namespace
}  // namespace dynsplit
