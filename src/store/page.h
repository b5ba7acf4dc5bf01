// A page as the pool keeps it: who refers to it, and where its content is. Internal to the store.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "kernels/kv_view.h"
#include "store/page_source.h"

namespace dynsplit {

class PagePool;

enum class PageTier : uint8_t { kHot, kCold };

struct Page {
  // States of `pins` besides the number of those who need the page in memory.
  static constexpr int32_t kAbsent = -1;  // not in memory
  static constexpr int32_t kMoving = -2;  // somebody moves it into memory or out of it

  std::atomic<int32_t> pins{kAbsent};
  std::atomic<int32_t> used_pass{0};  // the last pass that pinned it
  std::atomic<bool> changed{false};   // since it was last written to its slot
  int16_t layer = 0;
  PageTier tier = PageTier::kHot;
  int32_t references = 0;
  int32_t frame = -1;  // in memory: which one, where pages may move
  int32_t slot = -1;   // in the file, or -1: it was never written
  int32_t source_idx = -1;
  std::shared_ptr<const PageSource> source;  // where it is without a slot; null: nowhere yet
  // Its frame, whatever that holds; set before `pins` says that the page is in memory.
  f16* rows = nullptr;
  PagePool* pool = nullptr;
  Page* next_free = nullptr;
};

}  // namespace dynsplit
