// Memory in which things of one size lie side by side, so that they may lie in huge pages though
// each is smaller than one: what is read a little here and a little there costs a walk of the page
// table for each place otherwise, in a guest two.
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "base/aligned_buffer.h"

namespace dynsplit {

// Thread safety: Take and Give may be called by any thread.
class Slab {
 public:
  // For things of `thing_bytes` each, as many as fit. Throws std::bad_alloc.
  Slab(size_t bytes, size_t thing_bytes) : memory_(bytes), thing_bytes_(thing_bytes) {
    given_back_.reserve(bytes / thing_bytes);  // so that giving one back cannot fail
  }

  // Room for a thing that nobody has, uninitialised, on a 64-byte boundary if thing_bytes is a
  // multiple of 64; null where there is none. Cost: O(1).
  std::byte* Take() {
    const std::scoped_lock lock(mutex_);
    if (!given_back_.empty()) {
      std::byte* thing = given_back_.back();
      given_back_.pop_back();
      return thing;
    }
    if (used_ + thing_bytes_ > memory_.size()) return nullptr;
    return memory_.data() + std::exchange(used_, used_ + thing_bytes_);
  }
  void Give(std::byte* thing) noexcept {
    const std::scoped_lock lock(mutex_);
    given_back_.push_back(thing);
  }

 private:
  AlignedBuffer<std::byte> memory_;
  size_t thing_bytes_;
  std::mutex mutex_;  // of what follows
  size_t used_ = 0;   // from the first byte on
  std::vector<std::byte*> given_back_;
};

// Bytes of a slab of things of `bytes` each: as many huge pages as they fill best, or one thing
// that is larger than a page.
inline size_t SlabBytes(size_t bytes) {
  constexpr size_t kMostPages = 4;
  if (bytes >= kHugePage) return bytes;
  size_t best = 1, least_left = kHugePage;
  for (size_t pages = 1; pages <= kMostPages; ++pages) {
    const size_t left = pages * kHugePage % bytes / pages;
    if (left >= least_left) continue;
    best = pages;
    least_left = left;
  }
  return best * kHugePage;
}

}  // namespace dynsplit
