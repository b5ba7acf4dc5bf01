#include "base/random_access_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>

namespace dynsplit {
namespace {

std::span<const std::byte> BytesOf(const char* text) {
  return std::as_bytes(std::span(text, std::strlen(text)));
}

class RandomAccessFileTest : public testing::Test {
 protected:
  RandomAccessFileTest() {
    dir_ = std::filesystem::path(testing::TempDir()) /
           testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directory(dir_);
  }
  ~RandomAccessFileTest() override { std::filesystem::remove_all(dir_); }

  std::filesystem::path dir_;
};

TEST_F(RandomAccessFileTest, ReadsWhatWasWrittenAnywhere) {
  auto file = OpenUnnamedFile(dir_);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->WriteAt(1000, BytesOf("later")).ok());
  ASSERT_TRUE((*file)->WriteAt(10, BytesOf("early")).ok());
  std::array<std::byte, 5> bytes;
  ASSERT_TRUE((*file)->ReadAt(1000, bytes).ok());
  EXPECT_EQ(std::memcmp(bytes.data(), "later", 5), 0);
  ASSERT_TRUE((*file)->ReadAt(10, bytes).ok());
  EXPECT_EQ(std::memcmp(bytes.data(), "early", 5), 0);
}

TEST_F(RandomAccessFileTest, LeavesNothingInTheDirectory) {
  const auto file = OpenUnnamedFile(dir_);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->WriteAt(0, BytesOf("text")).ok());
  EXPECT_TRUE(std::filesystem::is_empty(dir_));
}

TEST_F(RandomAccessFileTest, ShortFilesAreAnError) {
  auto file = OpenUnnamedFile(dir_);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->WriteAt(0, BytesOf("abc")).ok());
  std::array<std::byte, 5> bytes;
  const Status status = (*file)->ReadAt(1, bytes);
  EXPECT_EQ(status.code(), StatusCode::kIoError);
  EXPECT_NE(status.message().find("ends at 3, 3 bytes more wanted"), std::string::npos)
      << status.message();
}

TEST_F(RandomAccessFileTest, MissingDirectoriesAreNotFound) {
  EXPECT_EQ(OpenUnnamedFile(dir_ / "no").status().code(), StatusCode::kNotFound);
}

TEST_F(RandomAccessFileTest, AFileThatMayNotGrowIsAnError) {
  auto file = OpenUnnamedFile(dir_);
  ASSERT_TRUE(file.ok());
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {4096, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::vector<std::byte> bytes(8192);
  const Status status = (*file)->WriteAt(0, bytes);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.code(), StatusCode::kIoError) << status.message();
}

}  // namespace
}  // namespace dynsplit
