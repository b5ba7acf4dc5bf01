// How the workers of a pass share a step's items out among themselves, and know who is the last.
#pragma once

#include <atomic>

namespace dynsplit {

// Every worker walks the same list of items and works on those that it claims. One for each worker
// and step; `next` is 0 when the step begins.
class Claims {
 public:
  explicit Claims(std::atomic<int>* next) : next_(*next) {}

  // Whether the item that the walk is at is this worker's; goes on to the next one.
  bool IsMine() {
    if (claimed_ < item_) claimed_ = next_.fetch_add(1, std::memory_order_relaxed);
    return claimed_ == item_++;
  }

 private:
  std::atomic<int>& next_;
  int claimed_ = -1;
  int item_ = 0;
};

// Counts one of `count` things as done. True for the last, who sees what the others wrote and sets
// the counter back to 0.
inline bool IsLastDone(std::atomic<int>& done, int count) {
  if (done.fetch_add(1, std::memory_order_acq_rel) + 1 < count) return false;
  done.store(0, std::memory_order_relaxed);
  return true;
}

}  // namespace dynsplit
