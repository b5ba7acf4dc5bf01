// A page as the pool keeps it: who refers to it, and where its content is. Internal to the store.
#pragma once

#include <atomic>
#include <cstdint>

#include "store/page_source.h"

namespace dynsplit {

enum class PageTier : uint8_t { kHot, kCold };

// Half a cache line: it is looked at wherever the page is needed, and a long context has many.
struct alignas(32) Page {
  // States of `pins` besides the number of those who need the page in memory.
  static constexpr int32_t kAbsent = -1;  // not in memory
  static constexpr int32_t kMoving = -2;  // somebody moves it into memory or out of it

  std::atomic<int32_t> pins{kAbsent};
  std::atomic<int32_t> used_pass{0};  // the last pass that needed it
  int32_t references = 0;
  int32_t frame = -1;  // in memory: which one; set before `pins` says that it is there
  int32_t slot = -1;   // in the pool's file, or in the source if there is one; -1: in neither
  int16_t layer = 0;
  PageTier tier = PageTier::kHot;
  std::atomic<bool> changed{false};  // since it was last written to its slot
  PageSourceRef source;

  bool saved() const { return slot >= 0; }  // in either file
  bool saved_by_pool() const { return saved() && !source; }
};
static_assert(sizeof(Page) == 32);

}  // namespace dynsplit
