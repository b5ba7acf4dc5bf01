#include "store/page_pool.h"

#include <new>

#include "base/check.h"

namespace dynsplit {

struct PageRef::Page {
  f16* elements = nullptr;
  PagePool* pool = nullptr;
  Page* next_free = nullptr;
  int64_t references = 0;
};

struct PagePool::Slab {
  AlignedBuffer<f16> elements;
  PageRef::Page pages[kSlabPages];
};

PageRef::PageRef(const PageRef& o) : page_(o.page_) {
  if (page_ != nullptr) ++page_->references;
}

PageRef::~PageRef() {
  if (page_ != nullptr && --page_->references == 0) page_->pool->Release(page_);
}

f16* PageRef::elements() const { return page_->elements; }

bool PageRef::shared() const { return page_->references > 1; }

PagePool::PagePool(int head_dim, size_t max_bytes)
    : page_bytes_(PageElements(head_dim) * sizeof(f16)), max_bytes_(max_bytes) {}

PagePool::~PagePool() { DYNSPLIT_CHECK(used_pages_ == 0); }

Result<PageRef> PagePool::Allocate() {
  if (free_ == nullptr) DYNSPLIT_RETURN_IF_ERROR(AddSlab());
  PageRef::Page* page = std::exchange(free_, free_->next_free);
  page->references = 1;
  ++used_pages_;
  return PageRef(page);
}

Status PagePool::AddSlab() {
  const size_t wanted = allocated_bytes() + kSlabPages * page_bytes_;
  if (max_bytes_ != 0 && wanted > max_bytes_) {
    return ResourceExhausted("KV pages: " + std::to_string(wanted) + " bytes wanted, " +
                             std::to_string(max_bytes_) + " allowed");
  }
  try {
    auto slab = std::make_unique<Slab>();
    slab->elements.Resize(kSlabPages * page_bytes_ / sizeof(f16));
    slabs_.push_back(std::move(slab));
  } catch (const std::bad_alloc&) {
    return ResourceExhausted("KV pages: no memory for " + std::to_string(wanted) + " bytes");
  }
  Slab& slab = *slabs_.back();
  for (size_t i = kSlabPages; i-- > 0;) {
    PageRef::Page& page = slab.pages[i];
    page.elements = slab.elements.data() + i * page_bytes_ / sizeof(f16);
    page.pool = this;
    page.next_free = std::exchange(free_, &page);
  }
  return {};
}

void PagePool::Release(PageRef::Page* page) {
  page->next_free = std::exchange(free_, page);
  --used_pages_;
}

}  // namespace dynsplit
