#include "apps/common/memory_usage.h"

#include <gtest/gtest.h>

#include <vector>

namespace dynsplit {
namespace {

TEST(MemoryUsageTest, ResidentMemoryGrowsWithWhatIsUsed) {
  const int64_t before = RssBytes();
  EXPECT_GT(before, 1 << 20);
  const std::vector<char> used(64 << 20, 'x');
  EXPECT_GE(RssBytes(), before + (32 << 20));
  EXPECT_GE(PeakRssBytes() + (1 << 20), RssBytes());  // they are read one after the other
  EXPECT_EQ(used.back(), 'x');
}

}  // namespace
}  // namespace dynsplit
