#include "store/page_table.h"

#include <cstring>

namespace dynsplit {

PageTable::PageTable(PagePool* pool, int num_layers, int kv_heads, int head_dim)
    : pool_(pool),
      kv_heads_(kv_heads),
      head_dim_(head_dim),
      pages_(static_cast<size_t>(num_layers) * kv_heads),
      addresses_(pages_.size()) {}

Status PageTable::Extend(int64_t first, int64_t count) {
  const size_t first_page = static_cast<size_t>(first / kPageTokens);
  const size_t num_pages = static_cast<size_t>((first + count + kPageTokens - 1) / kPageTokens);
  for (size_t row = 0; row < pages_.size(); ++row) {
    if (first_page < pages_[row].size()) {
      DYNSPLIT_RETURN_IF_ERROR(MakeExclusive(row, first_page));
    }
    while (pages_[row].size() < num_pages) {
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
