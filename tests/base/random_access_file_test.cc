#include "base/random_access_file.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "base/io_ring.h"
#include "support/forbid_call.h"

namespace dynsplit {
namespace {

std::span<const std::byte> BytesOf(const char* text) {
  return std::as_bytes(std::span(text, std::strlen(text)));
}

class RandomAccessFileTest : public ::testing::Test {
 protected:
  RandomAccessFileTest() {
    dir_ = std::filesystem::path(::testing::TempDir()) /
           ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directory(dir_);
  }
  ~RandomAccessFileTest() override { std::filesystem::remove_all(dir_); }

  // A file of just these bytes, to be read.
  std::unique_ptr<RandomAccessFile> FileOf(std::span<const std::byte> bytes) {
    Result<NewFile> file = NewFile::Create(dir_ / "bytes");
    EXPECT_TRUE(file.ok() && file->get()->WriteAt(0, bytes).ok() && file->Finish().ok());
    return OpenFileToRead(dir_ / "bytes").value();
  }

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
  const auto file = FileOf(BytesOf("abc"));
  std::array<std::byte, 5> bytes;
  const Status status = file->ReadAt(1, bytes);
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

// It grows by zeros beneath them.
TEST_F(RandomAccessFileTest, UnnamedFilesKeepWhatThreadsWriteSideBySide) {
  constexpr size_t kPiece = 2304, kPieces = 2000;
  auto file = OpenUnnamedFile(dir_);
  ASSERT_TRUE(file.ok());
  std::vector<std::jthread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = kPieces; i-- > 0;) {
        if (i % 4 != t) continue;
        const std::vector<std::byte> piece(kPiece, static_cast<std::byte>(i % 251));
        EXPECT_TRUE((*file)->WriteAt(i * kPiece, piece).ok());
      }
    });
  }
  threads.clear();
  for (size_t i = 0; i < kPieces; ++i) {
    std::vector<std::byte> piece(kPiece);
    ASSERT_TRUE((*file)->ReadAt(i * kPiece, piece).ok());
    const std::vector<std::byte> want(kPiece, static_cast<std::byte>(i % 251));
    ASSERT_EQ(piece, want) << i;
  }
}

// Many at once, of which the last lie behind the end.
void ExpectSeveralAreAsEachAlone(const RandomAccessFile& file, std::span<const std::byte> content) {
  const auto read_all = [&] {
    std::vector<std::vector<std::byte>> places(100, std::vector<std::byte>(600));
    std::vector<FileRead> reads;
    for (size_t i = 0; i < places.size(); ++i) reads.push_back({i * 500, places[i], IoError("")});
    file.ReadMany(reads);
    for (size_t i = 0; i < places.size(); ++i) {
      const bool within = i * 500 + 600 <= content.size();
      EXPECT_EQ(reads[i].status.code(), within ? StatusCode::kOk : StatusCode::kIoError) << i;
      const auto from = content.begin() + static_cast<ptrdiff_t>(i * 500);
      EXPECT_TRUE(!within || std::equal(places[i].begin(), places[i].end(), from)) << i;
    }
  };
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) read_all();
    });
  }
}

std::vector<std::byte> SomeContent() {
  std::vector<std::byte> content(49700);
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::byte>(i % 251);
  return content;
}

TEST_F(RandomAccessFileTest, SeveralReadsAreAsEachAlone) {
  ExpectSeveralAreAsEachAlone(*FileOf(SomeContent()), SomeContent());
}

TEST_F(RandomAccessFileTest, SoAreThoseOfAKernelWithoutRings) {
  const std::vector<std::byte> content = SomeContent();
  const auto read_in_thread = [&] {
    ASSERT_TRUE(testing::ForbidCall(__NR_io_uring_setup, EPERM));
    EXPECT_EQ(IoRing::Create(/*descriptor=*/-1), nullptr);
    ExpectSeveralAreAsEachAlone(*FileOf(content), content);
    // And where the file system has nothing in memory, or cannot say what.
    for (const uint32_t error : {EAGAIN, EOPNOTSUPP}) {
      std::jthread([&] {
        ASSERT_TRUE(testing::ForbidCall(__NR_preadv2, error));
        ExpectSeveralAreAsEachAlone(*FileOf(content), content);
      });
    }
  };
  std::jthread{read_in_thread};
}

// A file system of 1 MiB, where the process may mount one.
class FullDiskTest : public RandomAccessFileTest {
 protected:
  void SetUp() override {
    if (mount("none", dir_.c_str(), "tmpfs", 0, "size=1m") != 0) {
      GTEST_SKIP() << "mounting a small file system: " << std::strerror(errno);
    }
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) {
      EXPECT_EQ(umount2(dir_.c_str(), MNT_DETACH), 0);
    }
  }

  bool mounted_ = false;
};

TEST_F(FullDiskTest, WhatWasWrittenBeforeStays) {
  auto file = OpenUnnamedFile(dir_);
  ASSERT_TRUE(file.ok());
  const std::vector<std::byte> page(8192, std::byte{5});
  uint64_t end = 0;
  Status status;
  while (status.ok() && end < (4u << 20)) {
    status = (*file)->WriteAt(end, page);
    if (status.ok()) end += page.size();
  }
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.ToString();
  ASSERT_GT(end, 512u << 10);
  std::vector<std::byte> read(page.size());
  for (uint64_t at = 0; at < end; at += page.size()) {
    ASSERT_TRUE((*file)->ReadAt(at, read).ok());
    ASSERT_EQ(read, page);
  }
}

TEST_F(FullDiskTest, ANewFileLeavesTheOldOneAndNothingElse) {
  const std::string path = dir_ / "x";
  std::ofstream(path) << "old";
  {
    auto file = NewFile::Create(path);
    ASSERT_TRUE(file.ok());
    const std::vector<std::byte> much(2 << 20);
    EXPECT_EQ(file->get()->WriteAt(0, much).code(), StatusCode::kResourceExhausted);
  }
  std::string text;
  std::ifstream(path) >> text;
  EXPECT_EQ(text, "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_), {}), 1);
}

// Each process with both kinds of file; they are killed while they write.
TEST_F(RandomAccessFileTest, KilledProcessesLeaveNothingAndDisturbNobody) {
  auto mine = OpenUnnamedFile(dir_);
  ASSERT_TRUE(mine.ok());
  const std::vector<std::byte> page(8192, std::byte{1});
  ASSERT_TRUE((*mine)->WriteAt(0, page).ok());
  for (const bool unlinked : {false, true}) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
      const auto file = unlinked ? OpenUnlinkedFile(dir_) : OpenUnnamedFile(dir_);
      const std::vector<std::byte> other(8192, std::byte{2});
      bool good = file.ok();
      for (uint64_t at = 0; good; at = (at + other.size()) % (1 << 20)) {
        good = (*file)->WriteAt(at, other).ok() && write(ready[1], "x", 1) == 1;
      }
      _exit(1);
    }
    char x = 0;
    ASSERT_EQ(read(ready[0], &x, 1), 1);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ready[0]);
    close(ready[1]);
    std::vector<std::byte> kept(page.size());
    ASSERT_TRUE((*mine)->ReadAt(0, kept).ok());
    EXPECT_EQ(kept, page);
    EXPECT_TRUE(std::filesystem::is_empty(dir_));
  }
}

TEST_F(RandomAccessFileTest, WhatAKilledProcessLeftIsRemovedAndNothingElse) {
  const std::string left = dir_ / ".dynsplit-pages-Ab3dEf";
  for (const std::string& path : {left, (dir_ / "dynsplit-pages-Ab3dEf").string(),
                                  (dir_ / ".dynsplit-pages-long-name").string()}) {
    std::ofstream(path) << "x";
  }
  ASSERT_TRUE(OpenUnlinkedFile(dir_).ok());
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_), {}), 2);
}

}  // namespace
}  // namespace dynsplit
