// A file in memory that fails when it is told to.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <vector>

#include "base/random_access_file.h"

namespace dynsplit {

class MemoryFile final : public RandomAccessFile {
 public:
  // Counted from 0 over both reads and writes; -1: none.
  struct Faults {
    std::atomic<int64_t> calls{0};
    std::atomic<int64_t> fail_at{-1};
    std::atomic<bool> fail_writes{false};  // all of them: the disk is full
    std::atomic<int64_t> reads{0};
    std::atomic<int64_t> writes{0};

    bool NextFails() { return calls.fetch_add(1) == fail_at; }
  };

  // `faults` must outlive the file.
  explicit MemoryFile(Faults* faults) : faults_(*faults) {}

  Status ReadAt(uint64_t offset, std::span<std::byte> bytes) const override {
    ++faults_.reads;
    if (faults_.NextFails()) return IoError("memory file: read fails");
    const std::scoped_lock lock(mutex_);
    if (offset + bytes.size() > content_.size()) return IoError("memory file: ends early");
    std::memcpy(bytes.data(), content_.data() + offset, bytes.size());
    return {};
  }

  Status WriteAt(uint64_t offset, std::span<const std::byte> bytes) override {
    ++faults_.writes;
    if (faults_.NextFails() || faults_.fail_writes) {
      return ResourceExhausted("memory file: no room");
    }
    const std::scoped_lock lock(mutex_);
    content_.resize(std::max(content_.size(), static_cast<size_t>(offset) + bytes.size()));
    std::memcpy(content_.data() + offset, bytes.data(), bytes.size());
    return {};
  }

  Result<uint64_t> Size() const override {
    const std::scoped_lock lock(mutex_);
    return static_cast<uint64_t>(content_.size());
  }
  Status Sync() override { return {}; }
  std::vector<std::byte>& content() { return content_; }

 private:
  Faults& faults_;
  mutable std::mutex mutex_;
  std::vector<std::byte> content_;
};

}  // namespace dynsplit
