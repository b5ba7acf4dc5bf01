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

// Room for all of it before anything is added, so that two vectors grow together or not at all. By
// an eighth: at 131,072 tokens of SmolLM2 they hold 3 MB.
template <typename T>
void Reserve(size_t size, std::vector<T>* vector) {
  const size_t held = vector->capacity();
  if (size > held) vector->reserve(std::max(size, held + held / 8));
}

Status CopyPage(PagePool* pool, Page* from, Page* to) {
  Pager* pager = pool->pager();
  const auto copy = [&] { std::memcpy(pool->Rows(*to), pool->Rows(*from), pool->page_bytes()); };
  if (pager == nullptr) {
    copy();
    return {};
  }
  Page* const both[] = {from, to};
  const Pager::PinResult pinned = pager->Pin(both, /*writes=*/false);
  if (pinned.count == 2) {
    copy();
    to->changed = true;
  }
  for (size_t i = 0; i < pinned.count; ++i) Pager::Unpin(both[i]);
  return pinned.status;
}

}  // namespace

PageTable::PageTable(PagePool* pool, const CacheShape& shape)
    : pool_(pool),
      shape_(shape),
      rows_(static_cast<size_t>(shape.num_layers) * static_cast<size_t>(shape.kv_heads)) {}

template <typename Fn>
Status PageTable::ForEachRow(const Fn& fn) {
  for (int layer = 0; layer < shape_.num_layers; ++layer) {
    for (int head = 0; head < shape_.KvHeads(layer); ++head) {
      Row& row = rows_[static_cast<size_t>(layer) * static_cast<size_t>(shape_.kv_heads) +
                       static_cast<size_t>(head)];
      DYNSPLIT_RETURN_IF_ERROR(fn(layer, &row));
    }
  }
  return {};
}

Status PageTable::Extend(int64_t first, int64_t count) {
  DYNSPLIT_CHECK(first >= cold_end());  // what is cold does not change
  encoded_.clear();
  encoded_end_ = cold_pages_;
  return ForEachRow([&](int layer, Row* row) { return Extend(layer, first, count, row); });
}

void PageTable::Truncate(int64_t tokens) {
  DYNSPLIT_CHECK(tokens >= cold_end());
  encoded_.clear();
  for (Row& row : rows_) Truncate(tokens, &row);
}

void PageTable::Truncate(int64_t tokens, Row* row) const {
  Resize(std::min(NumPages(tokens), row->keys.size()), row);
}

void PageTable::Resize(size_t num_pages, Row* row) const {
  row->keys.resize(num_pages);
  row->values.resize(num_pages);
  if (pool_->pager() != nullptr) return;
  row->key_rows.resize(num_pages);
  row->value_rows.resize(num_pages);
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
  if (stays) rows->push_back(pool_->Rows(*page->get()));
  pages->push_back(*std::move(page));
  return {};
}

Status PageTable::MakeExclusive(int layer, size_t idx, std::vector<PageRef>* pages,
                                std::vector<f16*>* rows) {
  if (!(*pages)[idx].shared()) return {};
  Result<PageRef> copy = pool_->Allocate(layer);
  if (!copy.ok()) return copy.status();
  DYNSPLIT_RETURN_IF_ERROR(CopyPage(pool_, (*pages)[idx].get(), copy->get()));
  if (pool_->pager() == nullptr) (*rows)[idx] = pool_->Rows(*copy->get());
  (*pages)[idx] = *std::move(copy);
  return {};
}

Status PageTable::Restore(int64_t tokens) {
  DYNSPLIT_CHECK(cold_pages_ == 0 &&
                 std::ranges::all_of(rows_, [](const Row& row) { return row.keys.empty(); }));
  cold_pages_ = static_cast<size_t>(ColdEndAt(tokens) / kPageTokens);
  return ForEachRow([&](int layer, Row* row) {
    row->first = FirstPage(layer, tokens);
    Resize(row->first, row);
    const int64_t first = static_cast<int64_t>(row->first) * kPageTokens;
    return Extend(layer, first, tokens - first, row);
  });
}

void PageTable::ReadFrom(const PageSourceRef& source) {
  int32_t idx = 0;
  for (const Row& row : rows_) {
    for (size_t i = row.first; i < row.keys.size(); ++i) {
      for (Page* page : {row.keys[i].get(), row.values[i].get()}) {
        page->source = source;
        page->slot = idx++;
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
  encoded_tokens_ = tokens;
  encoded_end_ = static_cast<size_t>(ColdEndAt(tokens) / kPageTokens);
  if (encoded_end_ <= cold_pages_) return {};
  encoded_.reserve(2 * rows_.size() * (encoded_end_ - cold_pages_));
  std::vector<f16> room(PageElements(shape_.PageWidth()));
  const Status status = ForEachRow([&](int layer, Row* row) -> Status {
    for (size_t idx = FirstToEncode(layer); idx < encoded_end_; ++idx) {
      for (const KvPart part : {KvPart::kKeys, KvPart::kValues}) {  // in turn, as in Extend
        const auto& pages = part == KvPart::kKeys ? row->keys : row->values;
        Result<PageRef> page = Encoded(layer, part, pages[idx].get(), &room);
        if (!page.ok()) return page.status();
        encoded_.push_back(*std::move(page));
      }
    }
    return {};
  });
  if (!status.ok()) {
    encoded_.clear();
    encoded_end_ = cold_pages_;
  }
  return status;
}

// What a window leaves behind is not encoded before it goes.
size_t PageTable::FirstToEncode(int layer) const {
  return std::max(cold_pages_, FirstPage(layer, encoded_tokens_));
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
  const int width = part == KvPart::kKeys ? shape_.head_dim : shape_.value_dim;
  const f16* rows = pool_->Rows(*from);
  if (types.hot != KvType::kF16) {
    DecodePage(types.hot, rows, {}, width, room->data());
    rows = room->data();
  }
  EncodePage(types.cold, rows, width, pool_->Rows(*to));
  if (hot != nullptr) {
    Pager::Unpin(from);
    Pager::Unpin(to);
  }
  return encoded;
}

void PageTable::AdoptCold() noexcept {
  if (encoded_end_ <= cold_pages_) return;
  size_t next = 0;
  const auto adopt = [&](size_t idx, std::vector<PageRef>* pages, std::vector<f16*>* rows) {
    if (!rows->empty()) (*rows)[idx] = pool_->Rows(*encoded_[next].get());
    (*pages)[idx] = std::move(encoded_[next++]);
  };
  (void)ForEachRow([&](int layer, Row* row) -> Status {
    for (size_t idx = FirstToEncode(layer); idx < encoded_end_; ++idx) {
      adopt(idx, &row->keys, &row->key_rows);
      adopt(idx, &row->values, &row->value_rows);
    }
    return {};
  });
  cold_pages_ = encoded_end_;
  encoded_.clear();
}

void PageTable::DropUnseen(int64_t tokens) noexcept {
  (void)ForEachRow([&](int layer, Row* row) -> Status {
    for (const size_t end = FirstPage(layer, tokens); row->first < end; ++row->first) {
      const size_t idx = row->first;
      row->keys[idx] = row->values[idx] = PageRef();
      if (!row->key_rows.empty()) row->key_rows[idx] = row->value_rows[idx] = nullptr;
    }
    return {};
  });
}

size_t PageTable::bytes() const {
  size_t num_pages = 0, num_cold = 0;
  for (const Row& row : rows_) {
    num_pages += 2 * row.keys.size() - 2 * row.first;
    num_cold += 2 * (std::clamp(cold_pages_, row.first, row.keys.size()) - row.first);
  }
  return num_cold * pool_->page_bytes(PageTier::kCold) +
         (num_pages - num_cold) * pool_->page_bytes(PageTier::kHot);
}

size_t PageTable::resident_bytes() const {
  if (pool_->pager() == nullptr) return bytes();
  size_t bytes = 0;
  for (const Row& row : rows_) {
    for (const std::vector<PageRef>* pages : {&row.keys, &row.values}) {
      for (const PageRef& page : *pages) {
        if (page.get() != nullptr && page.get()->pins.load() >= 0)
          bytes += pool_->page_bytes(page.get()->tier);
      }
    }
  }
  return bytes;
}

}  // namespace dynsplit
