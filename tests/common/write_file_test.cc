#include "apps/common/write_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace dynsplit {
namespace {

TEST(WriteFileTest, ReplacesWhatWasThere) {
  const std::string path = ::testing::TempDir() + "write_file_test.txt";
  ASSERT_TRUE(WriteFile(path, "first, longer").ok());
  ASSERT_TRUE(WriteFile(path, "second").ok());
  EXPECT_EQ(*ReadFile(path, 100), "second");
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  std::filesystem::remove(path);
}

TEST(WriteFileTest, AnErrorNamesThePathAndLeavesNothing) {
  const std::string missing = ::testing::TempDir() + "no_such_folder/file";
  EXPECT_EQ(WriteFile(missing, "x").code(), StatusCode::kNotFound);
  // A folder in the way: the rename fails after the temporary file was written.
  const std::string folder = ::testing::TempDir() + "write_file_test_folder";
  std::filesystem::create_directories(folder + "/not_empty");
  const Status status = WriteFile(folder, "x");
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find(folder), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder + ".new"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace dynsplit
