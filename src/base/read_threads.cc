#include "base/read_threads.h"

#include <exception>

namespace dynsplit {

ReadThreads::ReadThreads(const RandomAccessFile* file, int num_threads)
    : file_(*file), num_threads_(static_cast<size_t>(num_threads)) {}

ReadThreads::~ReadThreads() {
  for (std::jthread& thread : threads_) thread.request_stop();  // all, before the first is joined
}

void ReadThreads::Read(std::span<FileRead> reads) {
  Batch batch{.reads = reads, .num_left = reads.size()};
  std::unique_lock lock(mutex_);
  if (reads.size() > 1) {
    try {
      batches_.push_back(&batch);
      Start();
    } catch (const std::exception&) {
      // No more threads or no memory to be had: who is there reads it all.
    }
    begun_.notify_all();
  }
  while (batch.next < reads.size()) ReadNext(&batch, &lock);
  done_.wait(lock, [&] { return batch.num_left == 0; });
}

void ReadThreads::Start() {
  threads_.reserve(num_threads_);
  while (threads_.size() < num_threads_) {
    threads_.emplace_back([this](const std::stop_token& stop) { Work(stop); });
  }
}

void ReadThreads::Work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (begun_.wait(lock, stop, [&] { return !batches_.empty(); })) {
    ReadNext(batches_.front(), &lock);
  }
}

void ReadThreads::ReadNext(Batch* batch, std::unique_lock<std::mutex>* lock) noexcept {
  FileRead& read = batch->reads[batch->next++];
  if (batch->next == batch->reads.size()) std::erase(batches_, batch);
  lock->unlock();
  read.status = read.bytes.empty() ? Status() : file_.ReadAt(read.offset, read.bytes);
  lock->lock();
  if (--batch->num_left == 0) done_.notify_all();
}

}  // namespace dynsplit
