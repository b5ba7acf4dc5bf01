#include "store/pinned_pages.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "base/check.h"

namespace dynsplit {
namespace {

// What a worker's part of a row needs that is not in memory, for the most part. 144 KiB with q4,
// 512 with f16, at d = 64.
constexpr size_t kRoomPages = 64;

}  // namespace

void PinnedPages::Reset(const PageTable& table, int layer, int kv_head) {
  Release();
  table_ = &table;
  row_ = &table.row(layer, kv_head);
  moves_ = table.pool()->pager() != nullptr;
  if (!moves_) return;
  if (keys_.size() < row_->keys.size()) {
    keys_.resize(row_->keys.size());
    values_.resize(row_->keys.size());
  }
}

void PinnedPages::Release() {
  for (const Pinned& pinned : pinned_) {
    Pager::Unpin(Pages(pinned.part)[pinned.idx].get());
    Rows(pinned.part)[pinned.idx] = nullptr;
  }
  pinned_.clear();
  for (const Pinned& held : bypassing_) Rows(held.part)[held.idx] = nullptr;
  bypassing_.clear();
  room_used_ = 0;
  std::ranges::fill(has_parts_, false);
  for (Wanted& wanted : wanted_) {
    wanted.pinned.clear();
    wanted.pages.clear();
  }
}

Status PinnedPages::PinToWrite(TokenRange tokens) {
  if (!moves_) return {};
  DYNSPLIT_RETURN_IF_ERROR(PinRange(KvPart::kKeys, tokens, /*writes=*/true));
  return PinRange(KvPart::kValues, tokens, /*writes=*/true);
}

Status PinnedPages::PinRange(KvPart part, TokenRange tokens, bool writes) {
  if (tokens.start >= tokens.end) return {};
  DYNSPLIT_CHECK(!has_parts_[static_cast<size_t>(part)]);
  DYNSPLIT_CHECK(!writes || bypassing_.empty());  // what is written to the room would be lost
  const auto last = static_cast<size_t>((tokens.end - 1) / kPageTokens);
  for (auto idx = static_cast<size_t>(tokens.start / kPageTokens); idx <= last; ++idx) {
    Want({part, idx}, writes);
  }
  return PinWanted(writes);
}

Status PinnedPages::PinTokens(KvPart part, std::span<const int32_t> tokens) {
  DYNSPLIT_CHECK(!has_parts_[static_cast<size_t>(part)]);
  const std::vector<PageRef>& pages = Pages(part);
  const auto idx_of = [&](size_t i) { return static_cast<size_t>(tokens[i] / kPageTokens); };
  // What is known of a page is not in a cache, more often than not, and pinning writes to it.
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i == 0 || idx_of(i) != idx_of(i - 1)) __builtin_prefetch(pages[idx_of(i)].get(), 1);
  }
  size_t wanted_end = 0;  // no page from here on is wanted yet
  for (size_t i = 0; i < tokens.size();) {
    Pinned needed = {part, idx_of(i), tokens[i] % kPageTokens, tokens[i] % kPageTokens + 1};
    for (++i; i < tokens.size() && idx_of(i) == needed.idx; ++i) {
      needed.first_row = std::min(needed.first_row, tokens[i] % kPageTokens);
      needed.end_row = std::max(needed.end_row, tokens[i] % kPageTokens + 1);
    }
    if (needed.idx < wanted_end) {
      WantAlso(needed);
    } else {
      Want(needed, /*writes=*/false);
      wanted_end = needed.idx + 1;
    }
  }
  has_parts_[static_cast<size_t>(part)] = true;
  return PinWanted(/*writes=*/false);
}

// Of a page that may be wanted already.
void PinnedPages::WantAlso(const Pinned& needed) {
  for (Wanted& wanted : wanted_) {
    for (Pinned& other : wanted.pinned) {
      if (other.part != needed.part || other.idx != needed.idx) continue;
      other.first_row = std::min(other.first_row, needed.first_row);
      other.end_row = std::max(other.end_row, needed.end_row);
      return;
    }
  }
  Want(needed, /*writes=*/false);
}

// Pins the page if it is in memory, or puts it on the list of those that PinWanted brings there.
void PinnedPages::Want(const Pinned& needed, bool writes) {
  f16*& rows = Rows(needed.part)[needed.idx];
  if (rows != nullptr) return;
  Page* page = Pages(needed.part)[needed.idx].get();
  if (pinned_.size() == pinned_.capacity()) pinned_.reserve(2 * pinned_.size() + 64);
  if (table_->pool()->pager(page->tier)->PinIfThere(page, writes)) {
    rows = table_->pool()->Rows(*page);
    pinned_.push_back(needed);
  } else {
    Wanted& wanted = wanted_[static_cast<size_t>(page->tier)];
    wanted.pinned.push_back(needed);
    wanted.pages.push_back(page);
  }
}

Status PinnedPages::PinWanted(bool writes) {
  Status hot = PinWanted(PageTier::kHot, writes);
  Status cold = PinWanted(PageTier::kCold, writes);
  return hot.ok() ? std::move(cold) : std::move(hot);
}

Status PinnedPages::PinWanted(PageTier tier, bool writes) {
  Wanted& wanted = wanted_[static_cast<size_t>(tier)];
  if (wanted.pages.empty()) return {};
  if (!writes) DYNSPLIT_RETURN_IF_ERROR(ReadBypassing(tier, &wanted));
  pinned_.reserve(pinned_.size() + wanted.pages.size());
  Pager::PinResult result = table_->pool()->pager(tier)->Pin(wanted.pages, writes);
  for (size_t i = 0; i < result.count; ++i) {
    Rows(wanted.pinned[i].part)[wanted.pinned[i].idx] = table_->pool()->Rows(*wanted.pages[i]);
    pinned_.push_back(wanted.pinned[i]);
  }
  wanted.pinned.clear();
  wanted.pages.clear();
  return std::move(result.status);
}

// Takes those that bypass off the list, as far as there is room, and reads them.
Status PinnedPages::ReadBypassing(PageTier tier, Wanted* wanted) {
  PagePool* pool = table_->pool();
  Pager* pager = pool->pager(tier);
  const size_t page_size = pool->page_bytes(tier) / sizeof(f16);
  if (!MakeRoom(std::min(wanted->pages.size(), kRoomPages) * page_size)) return {};
  std::array<Pager::PageRead, Pager::kMostMoves> reads;
  size_t count = 0, left = 0;
  for (size_t i = 0; i < wanted->pages.size(); ++i) {
    const Pinned needed = wanted->pinned[i];
    Page* page = wanted->pages[i];
    if (room_used_ + page_size > room_.size() || !pager->Bypasses(page)) {
      wanted->pinned[left] = needed;
      wanted->pages[left++] = page;
      continue;
    }
    f16* to = room_.data() + room_used_;
    room_used_ += page_size;
    bypassing_.push_back(needed);
    Rows(needed.part)[needed.idx] = to;
    reads[count++] = {page, to, BytesNeeded(needed)};
    if (count < reads.size()) continue;
    DYNSPLIT_RETURN_IF_ERROR(pager->Read(reads));
    count = 0;
  }
  wanted->pinned.resize(left);
  wanted->pages.resize(left);
  return count > 0 ? pager->Read(std::span(reads).first(count)) : Status();
}

// False where there is no memory for it: what is wanted is pinned then. What is in the room stays
// where it is.
bool PinnedPages::MakeRoom(size_t elements) {
  try {
    bypassing_.reserve(bypassing_.size() + kRoomPages);
    if (room_used_ == 0 && elements > room_.size()) room_.Resize(elements);
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

PageBytesRange PinnedPages::BytesNeeded(const Pinned& needed) const {
  const PartView part = view().Part(needed.part);
  return BytesOfRows(part.Type(static_cast<int64_t>(needed.idx) * kPageTokens),
                     static_cast<int>(part.head_dim),
                     {needed.first_row, needed.end_row - needed.first_row});
}

}  // namespace dynsplit
