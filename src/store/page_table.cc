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

Status CopyPage(Pager* pager, Page* from, Page* to, size_t bytes) {
  if (pager == nullptr) {
    std::memcpy(to->rows, from->rows, bytes);
    return {};
  }
  Page* const both[] = {from, to};
  const Pager::PinResult pinned = pager->Pin(both, /*writes=*/false);
  if (pinned.count == 2) {
    std::memcpy(to->rows, from->rows, bytes);
    to->changed = true;
  }
  for (size_t i = 0; i < pinned.count; ++i) Pager::Unpin(both[i]);
  return pinned.status;
}

}  // namespace

PageTable::PageTable(PagePool* pool, int num_layers, int kv_heads, int head_dim)
    : pool_(pool),
      kv_heads_(kv_heads),
      head_dim_(head_dim),
      rows_(static_cast<size_t>(num_layers) * static_cast<size_t>(kv_heads)) {}

Status PageTable::Extend(int64_t first, int64_t count) {
  for (size_t row = 0; row < rows_.size(); ++row) {
    const int layer = static_cast<int>(row) / kv_heads_;
    DYNSPLIT_RETURN_IF_ERROR(Extend(layer, first, count, &rows_[row]));
  }
  return {};
}

Status PageTable::Extend(int layer, int64_t first, int64_t count, Row* row) {
  const size_t held = NumPages(first);
  // Pages behind `first` are left over from a pass that was given up.
  row->keys.resize(held);
  row->values.resize(held);
  if (pool_->pager() == nullptr) {
    row->key_rows.resize(held);
    row->value_rows.resize(held);
  }
  if (first % kPageTokens != 0) {
    DYNSPLIT_RETURN_IF_ERROR(MakeExclusive(layer, held - 1, &row->keys, &row->key_rows));
    DYNSPLIT_RETURN_IF_ERROR(MakeExclusive(layer, held - 1, &row->values, &row->value_rows));
  }
  // Keys and values of the same tokens side by side, where frames are: full attention reads them in
  // turn, and is 6 % slower where what the processor fetches ahead is not what comes next.
  for (size_t wanted = NumPages(first + count); row->values.size() < wanted;) {
    DYNSPLIT_RETURN_IF_ERROR(AddPage(layer, wanted, &row->keys, &row->key_rows));
    DYNSPLIT_RETURN_IF_ERROR(AddPage(layer, wanted, &row->values, &row->value_rows));
  }
  return {};
}

// `wanted`: how many there will be.
Status PageTable::AddPage(int layer, size_t wanted, std::vector<PageRef>* pages,
                          std::vector<f16*>* rows) {
  const bool stays = pool_->pager() == nullptr;
  Reserve(wanted, pages);
  if (stays) Reserve(wanted, rows);
  Result<PageRef> page = pool_->Allocate(layer);
  if (!page.ok()) return page.status();
  if (stays) rows->push_back(page->get()->rows);
  pages->push_back(*std::move(page));
  return {};
}

Status PageTable::MakeExclusive(int layer, size_t idx, std::vector<PageRef>* pages,
                                std::vector<f16*>* rows) {
  if (!(*pages)[idx].shared()) return {};
  Result<PageRef> copy = pool_->Allocate(layer);
  if (!copy.ok()) return copy.status();
  DYNSPLIT_RETURN_IF_ERROR(
      CopyPage(pool_->pager(), (*pages)[idx].get(), copy->get(), pool_->page_bytes()));
  if (pool_->pager() == nullptr) (*rows)[idx] = copy->get()->rows;
  (*pages)[idx] = *std::move(copy);
  return {};
}

void PageTable::ReadFrom(const std::shared_ptr<const PageSource>& source) {
  int32_t idx = 0;
  for (const Row& row : rows_) {
    for (size_t i = 0; i < row.keys.size(); ++i) {
      for (Page* page : {row.keys[i].get(), row.values[i].get()}) {
        page->source = source;
        page->source_idx = idx++;
      }
    }
  }
}

size_t PageTable::bytes() const {
  size_t num_pages = 0;
  for (const Row& row : rows_) num_pages += row.keys.size() + row.values.size();
  return num_pages * pool_->page_bytes();
}

size_t PageTable::resident_bytes() const {
  if (pool_->pager() == nullptr) return bytes();
  size_t num_pages = 0;
  const auto in_memory = [](const PageRef& page) { return page.get()->pins.load() >= 0; };
  for (const Row& row : rows_) {
    num_pages +=
        static_cast<size_t>(std::count_if(row.keys.begin(), row.keys.end(), in_memory) +
                            std::count_if(row.values.begin(), row.values.end(), in_memory));
  }
  return num_pages * pool_->page_bytes();
}

}  // namespace dynsplit
