#include "store/page_source.h"

#include <gtest/gtest.h>

#include <array>

#include "base/archive.h"
#include "base/memory_file.h"

namespace dynsplit {
namespace {

TEST(PageSourceTest, FindsItsPagesAndKnowsThem) {
  constexpr size_t kBytes = 64, kOffset = 10;
  MemoryFile::Faults faults;
  auto file = std::make_shared<MemoryFile>(&faults);
  PageSource source = {
      .file = file, .name = "x.session", .offset = kOffset, .page_bytes = kBytes, .checksums = {}};
  for (int i = 0; i < 3; ++i) {
    std::array<std::byte, kBytes> page;
    page.fill(static_cast<std::byte>(i));
    ASSERT_TRUE(file->WriteAt(kOffset + static_cast<uint64_t>(i) * kBytes, page).ok());
    source.checksums.push_back(Checksum(page));
  }
  for (int32_t i = 0; i < 3; ++i) {
    std::array<std::byte, kBytes> page{};
    const FileRead read = source.ReadOf(i, page.data());
    ASSERT_TRUE(file->ReadAt(read.offset, read.bytes).ok());
    EXPECT_EQ(page[5], static_cast<std::byte>(i));
    EXPECT_TRUE(source.Check(i, page.data()).ok());
    const Status other = source.Check((i + 1) % 3, page.data());
    EXPECT_EQ(other.code(), StatusCode::kCorruption);
    EXPECT_NE(other.message().find("x.session"), std::string::npos) << other.message();
  }
}

}  // namespace
}  // namespace dynsplit
