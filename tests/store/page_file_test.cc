#include "store/page_file.h"

#include <gtest/gtest.h>

#include <array>

#include "base/memory_file.h"

namespace dynsplit {
namespace {

constexpr size_t kBytes = 128;
using Content = std::array<std::byte, kBytes>;

Content Filled(int value) {
  Content content;
  content.fill(static_cast<std::byte>(value));
  return content;
}

TEST(PageFileTest, ASlotHoldsWhatWasWritten) {
  MemoryFile::Faults faults;
  PageFile file(std::make_unique<MemoryFile>(&faults), kBytes);
  const int32_t a = file.Take(), b = file.Take();
  EXPECT_NE(a, b);
  ASSERT_TRUE(file.Write(b, Filled(2).data()).ok());
  ASSERT_TRUE(file.Write(a, Filled(1).data()).ok());
  Content read;
  ASSERT_TRUE(file.Read(b, read.data()).ok());
  EXPECT_EQ(read, Filled(2));
  ASSERT_TRUE(file.Read(a, read.data()).ok());
  EXPECT_EQ(read, Filled(1));
}

TEST(PageFileTest, SlotsGivenBackServeAgain) {
  MemoryFile::Faults faults;
  PageFile file(std::make_unique<MemoryFile>(&faults), kBytes);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(file.Take(), i);
  EXPECT_EQ(file.used_bytes(), 100 * kBytes);
  for (int i = 0; i < 100; ++i) file.Give(i);
  EXPECT_EQ(file.used_bytes(), 0u);
  for (int i = 0; i < 100; ++i) EXPECT_LT(file.Take(), 100);
  EXPECT_EQ(file.Take(), 100);
}

TEST(PageFileTest, PassesErrorsOn) {
  MemoryFile::Faults faults;
  PageFile file(std::make_unique<MemoryFile>(&faults), kBytes);
  const int32_t slot = file.Take();
  Content content = Filled(3);
  faults.fail_at = 0;
  EXPECT_EQ(file.Write(slot, content.data()).code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(file.Write(slot, content.data()).ok());
  faults.fail_at = 2;
  EXPECT_EQ(file.Read(slot, content.data()).code(), StatusCode::kIoError);
}

}  // namespace
}  // namespace dynsplit
