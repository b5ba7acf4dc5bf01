// Threads that wait for a disk where the kernel has no rings (IoRing): the disk is asked for
// several things at once, where one thread asks for each when it has the one before. They sleep
// while nothing is to be read.
#pragma once

#include <condition_variable>
#include <mutex>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/random_access_file.h"

namespace dynsplit {

// Thread safety: Read may be called by any thread.
class ReadThreads {
 public:
  // Of `file`, which outlives them. They start with the first Read; fewer where the system has no
  // more to give.
  explicit ReadThreads(const RandomAccessFile* file, int num_threads = kThreads);
  ~ReadThreads();

  // Each as ReadAt would; the thread that calls reads as well. Cost: some 10 us to wake the others.
  void Read(std::span<FileRead> reads);

  // A page takes 90 us of one thread, 21 by so many, 27 by half and 22 by twice as many
  // (bench/page_reads).
  static constexpr int kThreads = 16;

 private:
  // Reads that somebody waits for. It lies on his stack.
  struct Batch {
    std::span<FileRead> reads;
    size_t next = 0;  // that nobody has begun
    size_t num_left;  // that are not done
  };

  void Start();
  void Work(const std::stop_token& stop);
  // Reads the next one of a batch that has one. Nothing is locked meanwhile.
  void ReadNext(Batch* batch, std::unique_lock<std::mutex>* lock) noexcept;

  const RandomAccessFile& file_;
  size_t num_threads_;
  std::mutex mutex_;  // of what follows, and of each batch
  std::condition_variable_any begun_;
  std::condition_variable done_;
  std::vector<Batch*> batches_;  // of which something has not begun
  std::vector<std::jthread> threads_;
};

}  // namespace dynsplit
