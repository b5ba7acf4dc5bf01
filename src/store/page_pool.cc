#include "store/page_pool.h"

#include <new>

#include "base/check.h"

namespace dynsplit {

PageRef::PageRef(const PageRef& o) : page_(o.page_) {
  if (page_ != nullptr) ++page_->references;
}

PageRef::~PageRef() {
  if (page_ != nullptr && --page_->references == 0) page_->pool->Release(page_);
}

PagePool::PagePool(int head_dim, size_t max_bytes, std::unique_ptr<RandomAccessFile> file)
    : frames_(head_dim, max_bytes) {
  if (file == nullptr) return;
  file_.emplace(std::move(file), frames_.frame_bytes());
  pager_.emplace(&frames_, &*file_);
}

PagePool::~PagePool() { DYNSPLIT_CHECK(used_pages_ == 0); }

Result<PageRef> PagePool::Allocate(int layer) {
  try {
    if (free_ == nullptr) MakePages();
  } catch (const std::bad_alloc&) {
    return ResourceExhausted("KV pages: no memory for their table");
  }
  Page* page = free_;
  if (!pager_) {
    const Result<int32_t> frame = frames_.Take();
    if (!frame.ok()) return frame.status();
    page->frame = *frame;
    page->rows = frames_.Rows(*frame);
    page->pins = 0;
  }
  free_ = page->next_free;
  page->layer = static_cast<int16_t>(layer);
  page->references = 1;
  ++used_pages_;
  return PageRef(page);
}

void PagePool::MakePages() {
  pages_.reserve(pages_.size() + 1);
  pages_.push_back(std::make_unique<Page[]>(kMadePages));
  for (size_t i = kMadePages; i-- > 0;) {
    Page& page = pages_.back()[i];
    page.pool = this;
    page.next_free = std::exchange(free_, &page);
  }
}

void PagePool::Release(Page* page) {
  if (pager_) {
    pager_->Discard(page);
  } else {
    frames_.Give(page->frame);
  }
  page->next_free = std::exchange(free_, page);
  --used_pages_;
}

}  // namespace dynsplit
