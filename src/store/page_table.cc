#include "store/page_table.h"

#include <algorithm>
#include <cstring>

namespace dynsplit {
namespace {

size_t NumPages(int64_t tokens) {
  return static_cast<size_t>((tokens + kPageTokens - 1) / kPageTokens);
}

// Room for all of it before anything is added, so that two vectors grow together or not at all.
template <typename T>
void Reserve(size_t size, std::vector<T>* vector) {
  if (size > vector->capacity()) vector->reserve(std::max(size, 2 * vector->capacity()));
}

}  // namespace

PageTable::PageTable(PagePool* pool, int num_layers, int kv_heads, int head_dim)
    : pool_(pool),
      kv_heads_(kv_heads),
      head_dim_(head_dim),
      pages_(static_cast<size_t>(num_layers) * kv_heads),
      addresses_(pages_.size()) {}

Status PageTable::Extend(int64_t first, int64_t count) {
  const size_t held = NumPages(first);
  const size_t wanted = NumPages(first + count);
  for (size_t row = 0; row < pages_.size(); ++row) {
    // Pages behind `first` are left over from a pass that was given up.
    pages_[row].resize(held);
    addresses_[row].resize(held);
    if (first % kPageTokens != 0) DYNSPLIT_RETURN_IF_ERROR(MakeExclusive(row, held - 1));
    Reserve(wanted, &pages_[row]);
    Reserve(wanted, &addresses_[row]);
    while (pages_[row].size() < wanted) {
      Result<PageRef> page = pool_->Allocate();
      if (!page.ok()) return page.status();
      addresses_[row].push_back(page->elements());
      pages_[row].push_back(*std::move(page));
    }
  }
  return {};
}

Status PageTable::MakeExclusive(size_t row, size_t page) {
  if (!pages_[row][page].shared()) return {};
  Result<PageRef> copy = pool_->Allocate();
  if (!copy.ok()) return copy.status();
  std::memcpy(copy->elements(), pages_[row][page].elements(), pool_->page_bytes());
  addresses_[row][page] = copy->elements();
  pages_[row][page] = *std::move(copy);
  return {};
}

KvView PageTable::View(int layer, int kv_head) const {
  return {addresses_[Row(layer, kv_head)].data(), head_dim_};
}

size_t PageTable::bytes() const {
  size_t num_pages = 0;
  for (const auto& row : pages_) num_pages += row.size();
  return num_pages * pool_->page_bytes();
}

}  // namespace dynsplit
