#include "base/read_threads.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/memory_file.h"
#include "support/forbid_call.h"

namespace dynsplit {
namespace {

constexpr size_t kReadBytes = 100;
constexpr size_t kMostReads = 100;

class ReadThreadsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (size_t i = 0; i < content_.size(); ++i) content_[i] = static_cast<std::byte>(i % 251);
    ASSERT_TRUE(file_.WriteAt(0, content_).ok());
  }

  // `count` reads in one call, of which the file fails some: by number of call, so anyone.
  void ReadAll(ReadThreads* threads, size_t count, size_t failing) const {
    std::vector<std::vector<std::byte>> places(count, std::vector<std::byte>(kReadBytes));
    std::vector<FileRead> reads;
    for (size_t i = 0; i < count; ++i) reads.push_back({i * kReadBytes, places[i], {}});
    threads->Read(reads);
    size_t failed = 0;
    for (size_t i = 0; i < count; ++i) {
      const auto from = content_.begin() + static_cast<ptrdiff_t>(i * kReadBytes);
      if (reads[i].status.ok()) {
        EXPECT_TRUE(std::equal(places[i].begin(), places[i].end(), from)) << i;
      } else {
        ++failed;
      }
    }
    EXPECT_EQ(failed, failing) << count;
  }

  std::vector<std::byte> content_ = std::vector<std::byte>(kMostReads * kReadBytes);
  MemoryFile::Faults faults_;
  MemoryFile file_{&faults_};
};

TEST_F(ReadThreadsTest, ReadsAnyNumber) {
  for (const int num_threads : {0, 1, 16}) {
    ReadThreads threads(&file_, num_threads);
    for (const size_t count : {0u, 1u, 2u, 31u, 32u, 33u, 100u}) ReadAll(&threads, count, 0);
  }
}

TEST_F(ReadThreadsTest, OneThatFailsKeepsNoOtherFromBeingRead) {
  ReadThreads threads(&file_);
  constexpr size_t kReads = 20;
  for (size_t n = 0; n < kReads; ++n) {
    faults_.fail_at = faults_.calls + static_cast<int64_t>(n);
    ReadAll(&threads, kReads, 1);
  }
}

TEST_F(ReadThreadsTest, WithoutThreadsToBeHadWhoCallsReadsAll) {
  std::jthread([&] {
    ASSERT_TRUE(testing::ForbidCall(__NR_clone3, EAGAIN));
    ASSERT_TRUE(testing::ForbidCall(__NR_clone, EAGAIN));
    ReadThreads threads(&file_);
    ReadAll(&threads, 100, 0);
    faults_.fail_at = faults_.calls + 50;
    ReadAll(&threads, 100, 1);
  });
}

TEST_F(ReadThreadsTest, NothingIsLeftToReadOfEmptyReads) {
  ReadThreads threads(&file_);
  std::vector<FileRead> reads(10, {content_.size() + 1, {}, IoError("")});
  faults_.reads = 0;
  threads.Read(reads);
  for (const FileRead& read : reads) EXPECT_TRUE(read.status.ok());
  EXPECT_EQ(faults_.reads, 0);
}

TEST_F(ReadThreadsTest, ServesSeveralAtOnce) {
  ReadThreads threads(&file_, 3);
  std::vector<std::jthread> readers;
  for (int t = 0; t < 4; ++t) {
    readers.emplace_back([&] {
      for (size_t round = 0; round < 200; ++round) ReadAll(&threads, 1 + round % 40, 0);
    });
  }
}

// A disk that answers when it has been asked for so many things.
class WaitingFile final : public RandomAccessFile {
 public:
  explicit WaitingFile(int wanted) : wanted_(wanted) {}

  Status ReadAt(uint64_t, std::span<std::byte>) const override {
    std::unique_lock lock(mutex_);
    ++asked_;
    all_asked_.notify_all();
    const bool all =
        all_asked_.wait_for(lock, std::chrono::seconds(60), [this] { return asked_ >= wanted_; });
    return all ? Status() : IoError("nobody else asks");
  }
  Result<uint64_t> Size() const override { return uint64_t{0}; }
  Status WriteAt(uint64_t, std::span<const std::byte>) override { return {}; }
  Status Sync() override { return {}; }

 private:
  const int wanted_;
  mutable std::mutex mutex_;
  mutable std::condition_variable all_asked_;
  mutable int asked_ = 0;
};

TEST(ReadThreads, AsksForAllAtOnce) {
  const WaitingFile file(ReadThreads::kThreads + 1);  // and who calls
  ReadThreads threads(&file);
  std::byte byte;
  std::vector<FileRead> reads(ReadThreads::kThreads + 1, {0, {&byte, 1}, {}});
  threads.Read(reads);
  for (const FileRead& read : reads) EXPECT_TRUE(read.status.ok());
}

}  // namespace
}  // namespace dynsplit
