#include "store/frame_set.h"

#include <gtest/gtest.h>

#include <set>

namespace dynsplit {
namespace {

constexpr size_t kFrameBytes = 64 * 16 * 2;

TEST(FrameSetTest, GivesAlignedDistinctFrames) {
  FrameSet frames(kFrameBytes, 0);
  EXPECT_EQ(frames.frame_bytes(), kFrameBytes);
  std::set<f16*> rows;
  for (int i = 0; i < 600; ++i) {
    const Result<int32_t> frame = frames.Take();
    ASSERT_TRUE(frame.ok());
    rows.insert(frames.Rows(*frame));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(frames.Rows(*frame)) % 64, 0u);
  }
  EXPECT_EQ(rows.size(), 600u);
  EXPECT_GE(frames.num_frames(), 600u);
  EXPECT_EQ(frames.allocated_bytes(), frames.num_frames() * kFrameBytes);
}

TEST(FrameSetTest, AFrameThatIsGivenBackServesTheNext) {
  FrameSet frames(kFrameBytes, 0);
  const Result<int32_t> first = frames.Take();
  ASSERT_TRUE(first.ok());
  frames.Give(*first);
  EXPECT_EQ(frames.Take().value(), *first);
}

TEST(FrameSetTest, TakesAsMuchAsItMayAndNoMore) {
  for (const size_t most : {size_t{1}, size_t{255}, size_t{256}, size_t{257}, size_t{700}}) {
    FrameSet frames(kFrameBytes, most * kFrameBytes + kFrameBytes - 1);
    for (size_t i = 0; i < most; ++i) ASSERT_TRUE(frames.Take().ok()) << i;
    EXPECT_EQ(frames.Take().status().code(), StatusCode::kResourceExhausted);
    EXPECT_EQ(frames.num_frames(), most);
    frames.Give(0);
    EXPECT_TRUE(frames.Take().ok());
  }
}

}  // namespace
}  // namespace dynsplit
