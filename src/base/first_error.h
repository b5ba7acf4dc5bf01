// The first error of work that several threads share.
#pragma once

#include <atomic>
#include <mutex>
#include <utility>

#include "dynsplit/status.h"

namespace dynsplit {

// Thread safety: Set and ok may be called at once; the others while nobody does.
class FirstError {
 public:
  // Keeps the first status that is not ok. Returns whether this one is.
  bool Set(Status status) {
    if (status.ok()) return true;
    const std::scoped_lock lock(mutex_);
    if (ok()) {
      status_ = std::move(status);
      failed_.store(true, std::memory_order_relaxed);
    }
    return false;
  }
  bool ok() const { return !failed_.load(std::memory_order_relaxed); }

  const Status& status() const { return status_; }
  void Clear() {
    status_ = {};
    failed_.store(false, std::memory_order_relaxed);
  }

 private:
  std::mutex mutex_;
  Status status_;
  std::atomic<bool> failed_{false};
};

}  // namespace dynsplit
