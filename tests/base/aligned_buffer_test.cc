#include "base/aligned_buffer.h"

#include <gtest/gtest.h>

#include <numeric>

namespace dynsplit {
namespace {

bool IsAligned(const void* address, size_t alignment) {
  return reinterpret_cast<uintptr_t>(address) % alignment == 0;
}

TEST(AlignedBufferTest, LiesOnBoundaries) {
  for (const size_t bytes : {size_t{1}, size_t{64}, size_t{1000}, kHugePage - 1}) {
    EXPECT_TRUE(IsAligned(AlignedBuffer<uint8_t>(bytes).data(), kBufferAlignment)) << bytes;
  }
  for (const size_t bytes : {kHugePage, kHugePage + 1, 3 * kHugePage - 5}) {
    AlignedBuffer<uint8_t> large(bytes);
    EXPECT_TRUE(IsAligned(large.data(), kHugePage)) << bytes;
    large[0] = large[bytes - 1] = 7;  // all of it is there
    EXPECT_EQ(large[bytes - 1], 7);
  }
}

TEST(AlignedBufferTest, GrowingKeepsTheContentAlsoAcrossTheHugeBoundary) {
  AlignedBuffer<int32_t> buffer(100);
  std::iota(buffer.span().begin(), buffer.span().end(), 0);
  for (const size_t size : {size_t{101}, size_t{5000}, kHugePage / sizeof(int32_t) + 3}) {
    buffer.Resize(size);
    ASSERT_EQ(buffer.size(), size);
    for (int32_t i = 0; i < 100; ++i) ASSERT_EQ(buffer[static_cast<size_t>(i)], i);
  }
  buffer.Resize(10);
  const int32_t* kept = buffer.data();
  buffer.Resize(5000);  // within what it had
  EXPECT_EQ(buffer.data(), kept);
}

}  // namespace
}  // namespace dynsplit
