// Memory in which several things of one size lie side by side, so that they may lie in huge pages
// though each is smaller than one: what is read a little here and a little there costs a walk of
// the page table for each place otherwise, in a guest two.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "base/aligned_buffer.h"

namespace dynsplit {

// Thread safety: Take may be called by any thread.
class Slab {
 public:
  // Throws std::bad_alloc.
  explicit Slab(size_t bytes) : bytes_(bytes) {}

  // `bytes` of it that nobody has, uninitialised, on a 64-byte boundary if all are multiples of 64;
  // null where there are not as many. They are had until the slab goes. Cost: O(1).
  std::byte* Take(size_t bytes) {
    const size_t first = used_.fetch_add(bytes, std::memory_order_relaxed);
    return first + bytes <= bytes_.size() ? bytes_.data() + first : nullptr;
  }

 private:
  AlignedBuffer<std::byte> bytes_;
  std::atomic<size_t> used_{0};
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
