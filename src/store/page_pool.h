// Pages, counted by reference, in two tiers: those of the last tokens of sequences (hot), and those
// before them (cold), which may be of another type and so of another size. A pool serves all
// sequences of an engine, so a fork is a matter of counts. Either all pages are in memory and stay
// where they are, or, with a file for each tier, they move between memory and the file (Pager).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/random_access_file.h"
#include "dynsplit/kv_type.h"
#include "dynsplit/status.h"
#include "store/frame_set.h"
#include "store/page.h"
#include "store/page_file.h"
#include "store/pager.h"

namespace dynsplit {

// A share in a page. Copies share it; the last one gives it back. Must not outlive the pool.
class PageRef {
 public:
  PageRef() = default;
  PageRef(const PageRef& o);
  PageRef(PageRef&& o) noexcept : page_(std::exchange(o.page_, nullptr)) {}
  PageRef& operator=(PageRef o) noexcept {
    std::swap(page_, o.page_);
    return *this;
  }
  ~PageRef();

  Page* get() const { return page_; }
  bool shared() const { return page_->references > 1; }  // copy before writing

 private:
  friend class PagePool;
  explicit PageRef(Page* page) : page_(page) {}
  Page* page_ = nullptr;
};

// What a tier's pages may take of memory; 0: no bound. Without a file that is all of them; with one
// there is a bound.
struct TierMemory {
  size_t max_bytes = 0;
  std::unique_ptr<RandomAccessFile> file = nullptr;
};

// Thread safety: none; the engine's thread allocates and releases between passes. pager, and Rows
// of a pinned page, may be called by any thread.
class PagePool {
 public:
  // For keys and values of head_dim numbers at most. Where both types are the same there is one
  // tier, and `cold` is not used.
  PagePool(int head_dim, KvTypes types, TierMemory hot, TierMemory cold);
  // Of f16.
  explicit PagePool(int head_dim, size_t max_bytes = 0,
                    std::unique_ptr<RandomAccessFile> file = nullptr)
      : PagePool(head_dim, {}, {max_bytes, std::move(file)}, {}) {}
  ~PagePool();
  PagePool(const PagePool&) = delete;
  PagePool& operator=(const PagePool&) = delete;

  // An uninitialised page of a layer. Without a file it has its rows, for good: ResourceExhausted
  // at the bound, or when the system has no memory. Cost: O(1), but for one slab in some hundred.
  Result<PageRef> Allocate(int layer, PageTier tier = PageTier::kHot);

  // What brings pages into memory; null where all of them are there.
  Pager* pager(PageTier tier = PageTier::kHot) {
    std::optional<Pager>& pager = TierOf(tier).pager;
    return pager ? &*pager : nullptr;
  }
  // Tells it which layer is computed from now on.
  void EnterLayer(int layer, int num_layers);

  // Where a page is that is in memory, as long as it is.
  f16* Rows(const Page& page) { return TierOf(page.tier).frames.Rows(page.frame); }

  bool pages_move() const { return hot_.pager.has_value(); }

  KvTypes types() const { return types_; }
  bool has_tiers() const { return cold_.has_value(); }
  size_t page_bytes(PageTier tier = PageTier::kHot) const {
    return TierOf(tier).frames.frame_bytes();
  }
  size_t used_bytes() const;
  size_t allocated_bytes() const;  // of memory
  size_t spilled_bytes() const;
  // Pages read from files and written there, so far.
  int64_t num_read() const;
  int64_t num_written() const;

 private:
  friend class PageRef;

  struct Tier {
    Tier(size_t page_bytes, TierMemory memory);

    FrameSet frames;
    std::optional<PageFile> file;
    std::optional<Pager> pager;
    size_t used_pages = 0;
  };

  Tier& TierOf(PageTier tier) { return tier == PageTier::kCold && cold_ ? *cold_ : hot_; }
  const Tier& TierOf(PageTier tier) const {
    return tier == PageTier::kCold && cold_ ? *cold_ : hot_;
  }
  template <typename Fn>
  auto SumOverTiers(const Fn& fn) const {
    return fn(hot_) + (cold_ ? fn(*cold_) : 0);
  }
  void MakePages();
  static PagePool* Of(Page* page);
  void Release(Page* page);

  KvTypes types_;
  Tier hot_;
  std::optional<Tier> cold_;
  std::vector<AlignedBuffer<std::byte>> slabs_;  // a PageSlab in each, where it stays
  std::vector<Page*> free_;  // has room for all, so that giving one back cannot fail
};

}  // namespace dynsplit
