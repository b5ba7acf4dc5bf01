#include "apps/eval/line_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include "support/temp_folder.h"

namespace dynsplit::eval {
namespace {

using Lines = std::vector<std::string>;

class LineFileTest : public ::testing::Test {
 protected:
  const testing::TempFolder folder_;
  const std::string path_ = folder_.path() + "/lines";
};

TEST_F(LineFileTest, AppendsToWhatIsThere) {
  ASSERT_EQ(ReadLines(path_).status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(LineFile::Open(path_)->Append("one\n").ok());
  ASSERT_TRUE(LineFile::Open(path_)->Append("\nthree\n").ok());
  EXPECT_EQ(*ReadLines(path_), (Lines{"one", "", "three"}));
}

TEST_F(LineFileTest, TornLineIsLeftOutAndCutOff) {
  folder_.Write("lines", "one\ntwo\nthr");
  EXPECT_EQ(*ReadLines(path_), (Lines{"one", "two"}));
  ASSERT_TRUE(LineFile::Open(path_)->Append("3\n").ok());
  EXPECT_EQ(folder_.Read("lines"), "one\ntwo\n3\n");
  folder_.Write("lines", "nothing whole");
  ASSERT_TRUE(LineFile::Open(path_).ok());
  EXPECT_EQ(folder_.Read("lines"), "");
}

TEST_F(LineFileTest, WrongPathsAreErrors) {
  EXPECT_FALSE(LineFile::Open(folder_.path() + "/no/lines").ok());
  EXPECT_FALSE(LineFile::Open(folder_.path()).ok());
}

TEST_F(LineFileTest, HasOneWriterAtATime) {
  folder_.Write("lines", "one\ntw");
  {
    auto file = LineFile::Open(path_);
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    const Status second = LineFile::Open(path_).status();
    EXPECT_EQ(second.code(), StatusCode::kUnavailable);
    EXPECT_NE(second.message().find(path_), std::string::npos);
    EXPECT_TRUE(file->Append("two\n").ok());
  }
  EXPECT_TRUE(LineFile::Open(path_).ok());
  EXPECT_EQ(folder_.Read("lines"), "one\ntwo\n");
}

// A disk without room, by a limit on the size of files.
TEST_F(LineFileTest, WriteErrorIsAStatus) {
  auto file = LineFile::Open(path_);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->Append("fits\n").ok());
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight = {.rlim_cur = 8, .rlim_max = before.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const Status status = file->Append("does not\n");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_DFL);
  EXPECT_EQ(status.code(), StatusCode::kIoError);
  EXPECT_NE(status.message().find(path_), std::string::npos);
  EXPECT_EQ(*ReadLines(path_), (Lines{"fits"}));
}

}  // namespace
}  // namespace dynsplit::eval
