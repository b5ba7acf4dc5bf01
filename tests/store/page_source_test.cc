#include "store/page_source.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/archive.h"
#include "base/memory_file.h"

namespace dynsplit {
namespace {

constexpr size_t kOffset = 10;
constexpr size_t kColdBytes = 40;
constexpr size_t kHotBytes = 64;

class PageSourceTest : public ::testing::TestWithParam<int32_t> {
 protected:
  // Rows of different lengths, one without pages. Page i is full of i.
  void SetUp() override {
    for (const int32_t row_pages : {4, 0, 6, 4}) {
      const int32_t cold = std::min(row_pages, GetParam());
      source_.AddRow(cold, row_pages - cold);
      for (int32_t i = 0; i < row_pages; ++i) is_cold_.push_back(i < cold);
    }
    uint64_t at = kOffset;
    for (int32_t i = 0; i < source_.num_pages; ++i) {
      const std::vector<std::byte> page(Bytes(i), static_cast<std::byte>(i));
      ASSERT_TRUE(file_->WriteAt(at, page).ok());
      at += page.size();
      source_.checksums.push_back(Checksum(page));
    }
  }

  size_t Bytes(int32_t idx) const {
    return is_cold_[static_cast<size_t>(idx)] ? kColdBytes : kHotBytes;
  }

  MemoryFile::Faults faults_;
  std::shared_ptr<MemoryFile> file_ = std::make_shared<MemoryFile>(&faults_);
  PageSource source_ = {.file = file_,
                        .name = "x.session",
                        .offset = kOffset,
                        .cold_bytes = kColdBytes,
                        .hot_bytes = kHotBytes,
                        .checksums = {}};
  std::vector<bool> is_cold_;
};

TEST_P(PageSourceTest, FindsItsPagesAndKnowsThem) {
  EXPECT_EQ(kOffset + source_.bytes, file_->content().size());
  for (int32_t i = 0; i < source_.num_pages; ++i) {
    std::vector<std::byte> page(Bytes(i), std::byte{0xff});
    const FileRead read = source_.ReadOf(i, page.data());
    ASSERT_EQ(read.bytes.size(), page.size());
    ASSERT_TRUE(file_->ReadAt(read.offset, read.bytes).ok());
    EXPECT_EQ(page, std::vector<std::byte>(Bytes(i), static_cast<std::byte>(i)));
    EXPECT_TRUE(source_.Check(i, page.data()).ok());
    page.back() ^= std::byte{1};
    const Status changed = source_.Check(i, page.data());
    EXPECT_EQ(changed.code(), StatusCode::kCorruption);
    EXPECT_NE(changed.message().find("x.session"), std::string::npos) << changed.message();
    EXPECT_NE(changed.message().find("at byte " + std::to_string(read.offset)), std::string::npos)
        << changed.message();
  }
}

TEST_P(PageSourceTest, LivesAsLongAsItsLastShare) {
  const int64_t owners = file_.use_count();
  PageSourceRef kept;
  EXPECT_FALSE(kept);
  {
    const PageSourceRef first(source_);
    EXPECT_EQ(file_.use_count(), owners + 1);
    kept = first;
    PageSourceRef copy = kept;
    copy = PageSourceRef();
    EXPECT_FALSE(copy);
  }
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->num_pages, source_.num_pages);
  EXPECT_EQ(file_.use_count(), owners + 1);
  kept = kept;  // NOLINT: a share in what it holds already
  EXPECT_EQ(file_.use_count(), owners + 1);
  kept = {};
  EXPECT_EQ(file_.use_count(), owners);
}

INSTANTIATE_TEST_SUITE_P(ColdPages, PageSourceTest, ::testing::Values(0, 2, 4));

}  // namespace
}  // namespace dynsplit
