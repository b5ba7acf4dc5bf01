#include "store/page_pool.h"

#include <array>
#include <new>

#include "base/check.h"
#include "kernels/page_format.h"

namespace dynsplit {
namespace {

// A huge page of what is known of pages, on its boundary, so that a page tells whose it is.
struct PageSlab {
  static constexpr size_t kPages = (kHugePage - kBufferAlignment) / sizeof(Page);

  PagePool* pool;
  // Keys and values of the same tokens, made in turn, share a cache line.
  alignas(kBufferAlignment) std::array<Page, kPages> pages = {};
};
static_assert(PageSlab::kPages % 2 == 0);
static_assert(sizeof(PageSlab) <= kHugePage);

}  // namespace

PageRef::PageRef(const PageRef& o) : page_(o.page_) {
  if (page_ != nullptr) ++page_->references;
}

PageRef::~PageRef() {
  if (page_ != nullptr && --page_->references == 0) PagePool::Of(page_)->Release(page_);
}

PagePool::Tier::Tier(size_t page_bytes, TierMemory memory) : frames(page_bytes, memory.max_bytes) {
  if (memory.file == nullptr) return;
  DYNSPLIT_CHECK(memory.max_bytes != 0);
  file.emplace(std::move(memory.file), page_bytes);
  pager.emplace(&frames, &*file);
}

PagePool::PagePool(int head_dim, KvTypes types, TierMemory hot, TierMemory cold)
    : types_(types), hot_(PageBytes(types.hot, head_dim), std::move(hot)) {
  DYNSPLIT_CHECK(types.hot != KvType::kQ4 && types.cold >= types.hot);
  if (types.cold == types.hot) return;
  cold_.emplace(PageBytes(types.cold, head_dim), std::move(cold));
  DYNSPLIT_CHECK(hot_.pager.has_value() == cold_->pager.has_value());
}

PagePool::~PagePool() { DYNSPLIT_CHECK(used_bytes() == 0); }

Result<PageRef> PagePool::Allocate(int layer, PageTier tier) {
  try {
    if (free_.empty()) MakePages();
  } catch (const std::bad_alloc&) {
    return ResourceExhausted("KV pages: no memory for their table");
  }
  Tier& of = TierOf(tier);
  int32_t frame = -1;
  if (!of.pager) {
    const Result<int32_t> taken = of.frames.Take();
    if (!taken.ok()) return taken.status();
    frame = *taken;
  }
  Page* page = free_.back();
  free_.pop_back();
  page->frame = frame;
  page->pins = frame < 0 ? Page::kAbsent : 0;
  page->layer = static_cast<int16_t>(layer);
  page->tier = tier;
  page->references = 1;
  ++of.used_pages;
  return PageRef(page);
}

// Nothing is to be destroyed in the end: all pages were given back, without a source.
void PagePool::MakePages() {
  slabs_.reserve(slabs_.size() + 1);
  free_.reserve((slabs_.size() + 1) * PageSlab::kPages);
  AlignedBuffer<std::byte> memory(kHugePage);
  auto* slab = new (memory.data()) PageSlab{.pool = this};
  slabs_.push_back(std::move(memory));
  for (size_t i = PageSlab::kPages; i-- > 0;) free_.push_back(&slab->pages[i]);
}

PagePool* PagePool::Of(Page* page) {
  auto* byte = reinterpret_cast<std::byte*>(page);
  byte -= reinterpret_cast<uintptr_t>(byte) % kHugePage;
  return reinterpret_cast<PageSlab*>(byte)->pool;
}

void PagePool::Release(Page* page) {
  Tier& of = TierOf(page->tier);
  if (of.pager) {
    of.pager->Discard(page);
  } else {
    of.frames.Give(page->frame);
  }
  free_.push_back(page);
  --of.used_pages;
}

void PagePool::EnterLayer(int layer, int num_layers) {
  if (hot_.pager) hot_.pager->EnterLayer(layer, num_layers);
  if (cold_ && cold_->pager) cold_->pager->EnterLayer(layer, num_layers);
}

size_t PagePool::used_bytes() const {
  return SumOverTiers([](const Tier& tier) { return tier.used_pages * tier.frames.frame_bytes(); });
}

size_t PagePool::allocated_bytes() const {
  return SumOverTiers([](const Tier& tier) { return tier.frames.allocated_bytes(); });
}

size_t PagePool::spilled_bytes() const {
  return SumOverTiers([](const Tier& tier) { return tier.file ? tier.file->used_bytes() : 0; });
}

int64_t PagePool::num_read() const {
  return SumOverTiers([](const Tier& tier) { return tier.pager ? tier.pager->num_read() : 0; });
}

int64_t PagePool::num_written() const {
  return SumOverTiers([](const Tier& tier) { return tier.pager ? tier.pager->num_written() : 0; });
}

}  // namespace dynsplit
