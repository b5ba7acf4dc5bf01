#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "support/temp_file.h"

namespace dynsplit {
namespace {

using ::testing::HasSubstr;
using testing::TempFile;

TEST(File, ReadsWhole) {
  const std::string content("a\0b\xff\n", 5);
  const TempFile file(content);
  const Result<std::string> read = ReadFile(file.path(), 5);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, content);
}

TEST(File, ReadsAnEmptyFile) {
  const TempFile file("");
  const Result<std::string> read = ReadFile(file.path(), 0);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, "");
}

TEST(File, ReadsSeveralChunks) {
  const std::string content(200'000, 'x');
  const TempFile file(content);
  EXPECT_EQ(*ReadFile(file.path(), content.size()), content);
}

TEST(File, RefusesWhatIsTooLarge) {
  const TempFile file("123456");
  const Result<std::string> read = ReadFile(file.path(), 5);
  EXPECT_EQ(read.status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(read.status().message(), file.path() + ": larger than 5 bytes");
}

TEST(File, EndlessInputStopsAtTheLimit) {
  EXPECT_EQ(ReadFile("/dev/zero", 100).status().code(), StatusCode::kResourceExhausted);
}

TEST(File, MissingFileNamesPathAndReason) {
  const Status status = ReadFile("/nowhere/text.txt", 5).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "/nowhere/text.txt: No such file or directory");
}

TEST(File, PathWithNullByteIsNotCutShort) {
  const TempFile file("text");
  const std::string path = file.path() + std::string("\0x", 2);
  EXPECT_EQ(ReadFile(path, 5).status().code(), StatusCode::kNotFound);
}

TEST(File, Directory) {
  const Status status = ReadFile(std::filesystem::temp_directory_path(), 5).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("is a directory"));
}

TEST(File, OnlyRegularFilesWhereTheyAreWanted) {
  const TempFile file("x");
  EXPECT_TRUE(FileDescriptor::OpenRegular(file.path()).ok());
  const std::string pipe = file.path() + ".pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& other : {pipe, std::string("/dev/null")}) {
    EXPECT_EQ(FileDescriptor::OpenRegular(other).status().code(), StatusCode::kInvalidArgument);
  }
  std::filesystem::remove(pipe);
}

// Opens, but every read fails, even for a privileged user.
TEST(File, UnreadableFile) {
  const Status status = ReadFile("/proc/self/mem", 1 << 20).status();
  EXPECT_EQ(status.code(), StatusCode::kIoError);
  EXPECT_EQ(status.message(), "/proc/self/mem: Input/output error");
}

TEST(File, ErrnoStatusCodes) {
  EXPECT_EQ(ErrnoStatus("x", ENOTDIR).code(), StatusCode::kNotFound);
  EXPECT_EQ(ErrnoStatus("x", EMFILE).code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrnoStatus("x", EACCES).ToString(), "IoError: x: Permission denied");
}

}  // namespace
}  // namespace dynsplit
