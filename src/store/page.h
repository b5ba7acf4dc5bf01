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

// One cache line: it is looked at wherever the page is needed, and a long context has many.
struct alignas(64) Page {
  // States of `pins` besides the number of those who need the page in memory.
  static constexpr int32_t kAbsent = -1;  // not in memory
  static constexpr int32_t kMoving = -2;  // somebody moves it into memory or out of it

  std::atomic<int32_t> pins{kAbsent};
  std::atomic<int32_t> used_pass{0};  // the last pass that needed it
  int32_t references = 0;
  int32_t frame = -1;  // in memory: which one, where pages may move
  int32_t slot = -1;   // in the file, or -1: it was never written
  int32_t source_idx = -1;
  int16_t layer = 0;
  PageTier tier = PageTier::kHot;
  std::atomic<bool> changed{false};          // since it was last written to its slot
  std::shared_ptr<const PageSource> source;  // where it is without a slot; null: nowhere yet
  PagePool* pool = nullptr;
  union {
    f16* rows = nullptr;  // its frame, whatever that holds; set before `pins` says that it is there
    Page* next_free;      // of a page that nobody refers to
  };
};
static_assert(sizeof(Page) == 64);

}  // namespace dynsplit
