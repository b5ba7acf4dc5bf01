#include "base/random_access_file.h"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/io_ring.h"
#include "support/forbid_call.h"

namespace {

// What the system reads at once, at most, and what is done before it does; set while nothing reads.
size_t most_bytes_read = SIZE_MAX;
std::function<void()> before_pread;
std::function<void()> before_flock;
std::atomic<int> shortened{0};  // calls of preadv2

}  // namespace

// In place of the C library's, to read less than was asked for.
extern "C" ssize_t pread(int file, void* to, size_t bytes, off_t at) {
  if (before_pread) before_pread();
  return syscall(__NR_pread64, file, to, std::min(bytes, most_bytes_read), at);
}

extern "C" ssize_t preadv2(int file, const iovec* to, int, off_t at, int flags) {
  iovec first = to[0];  // the others are read as little as what is short
  first.iov_len = std::min(first.iov_len, most_bytes_read);
  if (first.iov_len < to[0].iov_len) ++shortened;
  return syscall(__NR_preadv2, file, &first, 1, at, 0, flags);
}

extern "C" int flock(int file, int operation) noexcept {
  if (before_flock) before_flock();
  return static_cast<int>(syscall(__NR_flock, file, operation));
}

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

TEST_F(RandomAccessFileTest, SoAreShortReads) {
  const std::vector<std::byte> content = SomeContent();
  const auto read_in_thread = [&] {
    ASSERT_TRUE(testing::ForbidCall(__NR_io_uring_setup, EPERM));
    for (const size_t most : {1, 7, 599}) {
      most_bytes_read = most;
      std::vector<std::byte> read(content.size());
      ASSERT_TRUE(FileOf(content)->ReadAt(0, read).ok());
      EXPECT_EQ(read, content);
      ExpectSeveralAreAsEachAlone(*FileOf(content), content);
    }
  };
  std::jthread{read_in_thread}.join();
  most_bytes_read = SIZE_MAX;
  EXPECT_GT(shortened, 0);
}

// The file ends in the midst of a read, and has grown when the rest is asked for: however the
// first part was read, by a ring too.
TEST_F(RandomAccessFileTest, SoAreReadsOfWhichThereIsFirstAPart) {
  const std::vector<std::byte> content = SomeContent();
  constexpr size_t kPart = 20000;
  for (const bool with_ring : {true, false}) {
    const auto read_in_thread = [&] {
      ASSERT_TRUE(with_ring || testing::ForbidCall(__NR_io_uring_setup, EPERM));
      const auto file = FileOf(std::span(content).first(kPart));
      std::once_flag once;
      int appended = 0;
      before_pread = [&] {
        std::call_once(once, [&] {
          std::ofstream rest(dir_ / "bytes", std::ios::binary | std::ios::app);
          rest.write(reinterpret_cast<const char*>(content.data()) + kPart,
                     static_cast<std::streamsize>(content.size() - kPart));
          ++appended;
        });
      };
      std::vector<std::byte> read(content.size());
      std::vector<FileRead> reads = {{0, std::span(read).first(kPart - 50), {}},
                                     {kPart - 50, std::span(read).subspan(kPart - 50), {}}};
      file->ReadMany(reads);
      before_pread = nullptr;
      EXPECT_TRUE(reads[0].status.ok() && reads[1].status.ok()) << reads[1].status.ToString();
      EXPECT_EQ(read, content);
      EXPECT_EQ(appended, 1);
    };
    std::jthread{read_in_thread};
  }
}

TEST_F(RandomAccessFileTest, SoAreThoseOfARingThatFailsLater) {
  const auto file = FileOf(SomeContent());
  const auto read_in_thread = [&] {
    ExpectSeveralAreAsEachAlone(*file, SomeContent());
    ASSERT_TRUE(testing::ForbidCall(__NR_io_uring_enter, EPERM));
    ExpectSeveralAreAsEachAlone(*file, SomeContent());
  };
  std::jthread{read_in_thread};
}

TEST_F(RandomAccessFileTest, ANewFileThatCannotBeFinishedLeavesTheOldOne) {
  const std::string path = dir_ / "x";
  std::ofstream(path) << "old";
  int failed = 0;
  // One of the last three is what the C library renames by.
  for (const uint32_t call : {__NR_fsync, __NR_rename, __NR_renameat, __NR_renameat2}) {
    std::filesystem::copy_file(path, dir_ / "y");
    std::jthread([&] {
      ASSERT_TRUE(testing::ForbidCall(call, EIO));
      auto file = NewFile::Create(dir_ / "y");
      ASSERT_TRUE(file.ok() && file->get()->WriteAt(0, BytesOf("new")).ok());
      const Status status = file->Finish();
      failed += status.ok() ? 0 : 1;
      EXPECT_TRUE(status.ok() || status.message() == (dir_ / "y: Input/output error").string())
          << status.ToString();
      std::string text;
      std::ifstream(dir_ / "y") >> text;
      EXPECT_EQ(text, status.ok() ? "new" : "old");
    }).join();
    std::filesystem::remove(dir_ / "y");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_), {}), 1);
  }
  EXPECT_EQ(failed, 2);
}

TEST_F(RandomAccessFileTest, ANewFileMayBeUsedAsTheOneItReplaces) {
  const std::string path = dir_ / "x";
  std::ofstream(path) << "old";
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  auto file = NewFile::Create(path);
  ASSERT_TRUE(file.ok() && file->Finish().ok());
  struct stat status = {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0640u);
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

TEST_F(RandomAccessFileTest, NewFilesOfAKilledProcessGoWithTheNextOne) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto file = NewFile::Create(dir_ / "x");
    if (file.ok() && write(ready[1], "x", 1) == 1) pause();
    _exit(1);
  }
  close(ready[1]);
  char x = 0;
  ASSERT_EQ(read(ready[0], &x, 1), 1);
  const auto count = [&] { return std::distance(std::filesystem::directory_iterator(dir_), {}); };
  {
    auto mine = NewFile::Create(dir_ / "x");  // while the other one is at work
    EXPECT_EQ(count(), 2);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const auto other = NewFile::Create(dir_ / "y");
    EXPECT_EQ(count(), 2);
    EXPECT_TRUE(other.ok() && mine.ok() && mine->Finish().ok());
  }
  EXPECT_TRUE(std::filesystem::exists(dir_ / "x"));
  EXPECT_EQ(count(), 1);
  close(ready[0]);
}

// Between its making and its locking.
TEST_F(RandomAccessFileTest, ANewFileThatWasTakenForALeftOneIsMadeAgain) {
  int made = 0;
  before_flock = [&] {
    if (made++ == 0) NewFile::RemoveLeft(dir_);
  };
  auto file = NewFile::Create(dir_ / "x");
  before_flock = nullptr;
  EXPECT_EQ(made, 3);  // the first one, its remover's, and the second one
  ASSERT_TRUE(file.ok() && file->Finish().ok());
  EXPECT_TRUE(std::filesystem::exists(dir_ / "x"));
}

TEST_F(RandomAccessFileTest, PathsAreNotCutShortAtANullByte) {
  std::ofstream(dir_ / "x") << "old";
  const std::string path = (dir_ / "x").string() + std::string("\0y", 2);
  EXPECT_EQ(NewFile::Create(path).status().code(), StatusCode::kNotFound);
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
