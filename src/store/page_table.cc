#include "store/page_table.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "kernels/page_codec.h"

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
  DYNSPLIT_CHECK(first >= cold_end());  // what is cold does not change
  encoded_.clear();
  for (size_t row = 0; row < rows_.size(); ++row) {
    const int layer = static_cast<int>(row) / kv_heads_;
    DYNSPLIT_RETURN_IF_ERROR(Extend(layer, first, count, &rows_[row]));
  }
  return {};
}

void PageTable::Truncate(int64_t tokens) {
  DYNSPLIT_CHECK(tokens >= cold_end());
  encoded_.clear();
  for (Row& row : rows_) Truncate(tokens, &row);
}

void PageTable::Truncate(int64_t tokens, Row* row) const {
  const size_t held = NumPages(tokens);
  row->keys.resize(held);
  row->values.resize(held);
  if (pool_->pager() == nullptr) {
    row->key_rows.resize(held);
    row->value_rows.resize(held);
  }
}

Status PageTable::Extend(int layer, int64_t first, int64_t count, Row* row) {
  const size_t held = NumPages(first);
  Truncate(first, row);  // pages behind it are left over from a pass that was given up
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
  const PageTier tier = pages->size() < cold_pages_ ? PageTier::kCold : PageTier::kHot;
  Result<PageRef> page = pool_->Allocate(layer, tier);
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

Status PageTable::Restore(int64_t tokens) {
  DYNSPLIT_CHECK(cold_pages_ == 0 &&
                 std::ranges::all_of(rows_, [](const Row& row) { return row.keys.empty(); }));
  cold_pages_ = static_cast<size_t>(ColdEndAt(tokens) / kPageTokens);
  for (size_t row = 0; row < rows_.size(); ++row) {
    DYNSPLIT_RETURN_IF_ERROR(Extend(static_cast<int>(row) / kv_heads_, 0, tokens, &rows_[row]));
  }
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

int64_t PageTable::ColdEndAt(int64_t tokens) const {
  if (!pool_->has_tiers()) return 0;
  return std::max<int64_t>(0, tokens - kHotTokens) / kPageTokens * kPageTokens;
}

Status PageTable::EncodeCold(int64_t tokens) {
  encoded_.clear();
  encoded_end_ = static_cast<size_t>(ColdEndAt(tokens) / kPageTokens);
  if (encoded_end_ <= cold_pages_) return {};
  encoded_.reserve(2 * rows_.size() * (encoded_end_ - cold_pages_));
  std::vector<f16> room(PageElements(head_dim_));
  for (size_t row = 0; row < rows_.size(); ++row) {
    const int layer = static_cast<int>(row) / kv_heads_;
    for (size_t idx = cold_pages_; idx < encoded_end_; ++idx) {
      for (const KvPart part : {KvPart::kKeys, KvPart::kValues}) {  // in turn, as in Extend
        const auto& pages = part == KvPart::kKeys ? rows_[row].keys : rows_[row].values;
        Result<PageRef> page = Encoded(layer, part, pages[idx].get(), &room);
        if (!page.ok()) {
          encoded_.clear();
          return page.status();
        }
        encoded_.push_back(*std::move(page));
      }
    }
  }
  return {};
}

// A cold page of what a hot one holds. `room` for a page of f16.
Result<PageRef> PageTable::Encoded(int layer, KvPart part, Page* from, std::vector<f16>* room) {
  Result<PageRef> encoded = pool_->Allocate(layer, PageTier::kCold);
  if (!encoded.ok()) return encoded;
  Page* to = encoded->get();
  Pager* hot = pool_->pager(PageTier::kHot);
  Pager* cold = pool_->pager(PageTier::kCold);
  if (hot != nullptr) {
    if (auto pinned = hot->Pin({&from, 1}, /*writes=*/false); !pinned.status.ok()) {
      return std::move(pinned.status);
    }
    if (auto pinned = cold->Pin({&to, 1}, /*writes=*/true); !pinned.status.ok()) {
      Pager::Unpin(from);
      return std::move(pinned.status);
    }
  }
  const KvTypes types = pool_->types();
  const f16* rows = from->rows;
  if (types.hot != KvType::kF16) {
    DecodePage(FormatOf(types.hot, part), from->rows, {}, head_dim_, room->data());
    rows = room->data();
  }
  EncodePage(FormatOf(types.cold, part), rows, head_dim_, to->rows);
  if (hot != nullptr) {
    Pager::Unpin(from);
    Pager::Unpin(to);
  }
  return encoded;
}

void PageTable::AdoptCold() noexcept {
  if (encoded_.empty()) return;
  size_t next = 0;
  const auto adopt = [&](size_t idx, std::vector<PageRef>* pages, std::vector<f16*>* rows) {
    if (!rows->empty()) (*rows)[idx] = encoded_[next].get()->rows;
    (*pages)[idx] = std::move(encoded_[next++]);
  };
  for (Row& row : rows_) {
    for (size_t idx = cold_pages_; idx < encoded_end_; ++idx) {
      adopt(idx, &row.keys, &row.key_rows);
      adopt(idx, &row.values, &row.value_rows);
    }
  }
  cold_pages_ = encoded_end_;
  encoded_.clear();
}

size_t PageTable::bytes() const {
  size_t num_pages = 0;
  for (const Row& row : rows_) num_pages += row.keys.size() + row.values.size();
  const size_t num_cold = 2 * rows_.size() * cold_pages_;
  return num_cold * pool_->page_bytes(PageTier::kCold) +
         (num_pages - num_cold) * pool_->page_bytes(PageTier::kHot);
}

size_t PageTable::resident_bytes() const {
  if (pool_->pager() == nullptr) return bytes();
  size_t bytes = 0;
  for (const Row& row : rows_) {
    for (const std::vector<PageRef>* pages : {&row.keys, &row.values}) {
      for (const PageRef& page : *pages) {
        if (page.get()->pins.load() >= 0) bytes += pool_->page_bytes(page.get()->tier);
      }
    }
  }
  return bytes;
}

}  // namespace dynsplit
