#include "base/slab.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace dynsplit {
namespace {

TEST(SlabTest, GivesEachByteOnce) {
  constexpr size_t kThing = 192, kThings = 4000;
  Slab slab(kThing * kThings + 64, kThing);
  std::mutex mutex;
  std::set<std::byte*> things;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (std::byte* thing = slab.Take()) {
        const std::scoped_lock lock(mutex);
        EXPECT_TRUE(things.insert(thing).second);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(thing) % 64, 0u);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(things.size(), kThings);
  EXPECT_EQ(*things.rbegin() - *things.begin(), static_cast<ptrdiff_t>(kThing * (kThings - 1)));
  EXPECT_EQ(slab.Take(), nullptr);
  slab.Give(*things.begin());
  EXPECT_EQ(slab.Take(), *things.begin());
  EXPECT_EQ(slab.Take(), nullptr);
}

TEST(SlabTest, HugePagesAreFilledAsFarAsTheyCanBe) {
  EXPECT_EQ(SlabBytes(kHugePage), kHugePage);
  EXPECT_EQ(SlabBytes(4096), kHugePage);
  EXPECT_EQ(SlabBytes(391680), 3 * kHugePage);  // 16; one page would hold 5 and waste 7 %
  EXPECT_EQ(SlabBytes(kHugePage + 64), kHugePage + 64);
}

}  // namespace
}  // namespace dynsplit
