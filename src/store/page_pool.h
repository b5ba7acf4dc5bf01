// Pages of one size, counted by reference. A pool serves all sequences of an engine, so a fork is
// a matter of counts. Pages come from slabs, which are kept until the pool is destroyed, so a page
// that is given back serves the next one who asks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/aligned_buffer.h"
#include "dynsplit/status.h"
#include "kernels/kv_view.h"

namespace dynsplit {

class PagePool;

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

  f16* elements() const;  // [PageElements(head_dim)], 64-byte aligned
  bool shared() const;    // somebody else refers to it too: copy before writing

 private:
  friend class PagePool;
  struct Page;
  explicit PageRef(Page* page) : page_(page) {}
  Page* page_ = nullptr;
};

// Thread safety: none; the engine's thread allocates and releases between passes.
class PagePool {
 public:
  // Pages for heads of head_dim. max_bytes bounds what is allocated; 0: no bound.
  explicit PagePool(int head_dim, size_t max_bytes = 0);
  ~PagePool();
  PagePool(const PagePool&) = delete;
  PagePool& operator=(const PagePool&) = delete;

  // An uninitialised page. ResourceExhausted at the bound, or when the system has no memory.
  // Cost: O(1), but for one slab in kSlabPages.
  Result<PageRef> Allocate();

  size_t page_bytes() const { return page_bytes_; }
  size_t used_bytes() const { return used_pages_ * page_bytes_; }
  size_t allocated_bytes() const { return slabs_.size() * kSlabPages * page_bytes_; }

 private:
  friend class PageRef;
  struct Slab;
  static constexpr size_t kSlabPages = 128;  // 2 MiB, a huge page, at head_dim 64

  Status AddSlab();
  void Release(PageRef::Page* page);

  size_t page_bytes_;
  size_t max_bytes_;
  size_t used_pages_ = 0;
  std::vector<std::unique_ptr<Slab>> slabs_;
  PageRef::Page* free_ = nullptr;
};

}  // namespace dynsplit
