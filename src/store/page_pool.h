// Pages of one size, counted by reference. A pool serves all sequences of an engine, so a fork is
// a matter of counts. Either all pages are in memory and stay where they are, or, with a file, they
// move between memory and the file (Pager).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/random_access_file.h"
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

// Thread safety: none; the engine's thread allocates and releases between passes.
class PagePool {
 public:
  // Pages for heads of head_dim. max_bytes bounds what is in memory, 0: no bound; without a file
  // that is all pages.
  explicit PagePool(int head_dim, size_t max_bytes = 0,
                    std::unique_ptr<RandomAccessFile> file = nullptr);
  ~PagePool();
  PagePool(const PagePool&) = delete;
  PagePool& operator=(const PagePool&) = delete;

  // An uninitialised page of a layer. Without a file it has its rows, for good: ResourceExhausted
  // at the bound, or when the system has no memory. Cost: O(1), but for one slab in some hundred.
  Result<PageRef> Allocate(int layer);

  // What brings pages into memory; null where all of them are there.
  Pager* pager() { return pager_ ? &*pager_ : nullptr; }

  bool pages_move() const { return pager_.has_value(); }

  size_t page_bytes() const { return frames_.frame_bytes(); }
  size_t used_bytes() const { return used_pages_ * page_bytes(); }
  size_t allocated_bytes() const { return frames_.allocated_bytes(); }  // of memory
  size_t spilled_bytes() const { return file_ ? file_->used_bytes() : 0; }

 private:
  friend class PageRef;
  static constexpr size_t kMadePages = 1024;  // together

  void MakePages();
  void Release(Page* page);

  FrameSet frames_;
  std::optional<PageFile> file_;
  std::optional<Pager> pager_;
  size_t used_pages_ = 0;
  std::vector<std::unique_ptr<Page[]>> pages_;
  Page* free_ = nullptr;
};

}  // namespace dynsplit
