#include "base/io_ring.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "base/file.h"

namespace dynsplit {
namespace {

constexpr size_t kReadBytes = 100;

class IoRingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ring_ = IoRing::Create(file_.get());
    if (ring_ == nullptr) GTEST_SKIP() << "the kernel has no io_uring, or forbids it";
    for (size_t i = 0; i < content_.size(); ++i) content_[i] = static_cast<std::byte>(i * 7);
    ASSERT_EQ(pwrite(file_.get(), content_.data(), content_.size(), 0),
              static_cast<ssize_t>(content_.size()));
  }

  // Reads that lie apart, from the end to the beginning.
  std::vector<FileRead> Reads(size_t count) {
    places_.assign(count, std::vector<std::byte>(kReadBytes));
    std::vector<FileRead> reads;
    for (size_t i = 0; i < count; ++i) reads.push_back({OffsetOf(i), places_[i], {}});
    return reads;
  }
  uint64_t OffsetOf(size_t i) const { return content_.size() - (i + 1) * 150; }
  void ExpectRead(size_t i) const {
    EXPECT_TRUE(std::equal(places_[i].begin(), places_[i].end(),
                           content_.begin() + static_cast<ptrdiff_t>(OffsetOf(i))))
        << i;
  }

  std::unique_ptr<IoRing> ring_;
  FileDescriptor file_{
      open(std::filesystem::temp_directory_path().c_str(), O_TMPFILE | O_RDWR, 0600)};
  std::vector<std::byte> content_ = std::vector<std::byte>(20000);
  std::vector<std::vector<std::byte>> places_;
};

TEST_F(IoRingTest, ReadsAnyNumber) {
  for (const size_t count : {0u, 1u, 31u, 32u, 33u, 100u}) {
    std::vector<FileRead> reads = Reads(count);
    EXPECT_TRUE(ring_->Read(reads));
    for (size_t i = 0; i < count; ++i) {
      EXPECT_TRUE(reads[i].bytes.empty());
      ExpectRead(i);
    }
  }
}

TEST_F(IoRingTest, LeavesWhatLiesBehindTheEnd) {
  std::vector<FileRead> reads = Reads(3);
  reads[0].offset = content_.size() - 30;
  reads[2].offset = content_.size() + 1;
  EXPECT_TRUE(ring_->Read(reads));
  EXPECT_EQ(reads[0].bytes.size(), kReadBytes - 30);
  EXPECT_EQ(reads[0].offset, content_.size());
  EXPECT_EQ(reads[2].bytes.size(), kReadBytes);
  ExpectRead(1);
}

TEST_F(IoRingTest, ReadsNothingOfWhatIsNoFile) {
  std::vector<FileRead> reads = Reads(3);
  const std::unique_ptr<IoRing> ring = IoRing::Create(/*descriptor=*/-1);
  ASSERT_NE(ring, nullptr);
  EXPECT_TRUE(ring->Read(reads));
  for (const FileRead& read : reads) EXPECT_EQ(read.bytes.size(), kReadBytes);
}

}  // namespace
}  // namespace dynsplit
