#include "store/pinned_pages.h"

#include <utility>

namespace dynsplit {

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
  const auto last = static_cast<size_t>((tokens.end - 1) / kPageTokens);
  for (auto idx = static_cast<size_t>(tokens.start / kPageTokens); idx <= last; ++idx) {
    Want(part, idx, writes);
  }
  return PinWanted(writes);
}

Status PinnedPages::PinTokens(KvPart part, std::span<const int32_t> tokens) {
  size_t last = SIZE_MAX;
  for (const int32_t token : tokens) {
    const auto idx = static_cast<size_t>(token / kPageTokens);
    if (idx != last) Want(part, idx, /*writes=*/false);
    last = idx;
  }
  return PinWanted(/*writes=*/false);
}

// Pins the page if it is in memory, or puts it on the list of those that PinWanted brings there.
void PinnedPages::Want(KvPart part, size_t idx, bool writes) {
  f16*& rows = Rows(part)[idx];
  if (rows != nullptr) return;
  Page* page = Pages(part)[idx].get();
  if (pinned_.size() == pinned_.capacity()) pinned_.reserve(2 * pinned_.size() + 64);
  if (table_->pool()->pager(page->tier)->PinIfThere(page, writes)) {
    rows = page->rows;
    pinned_.push_back({part, idx});
  } else {
    Wanted& wanted = wanted_[static_cast<size_t>(page->tier)];
    wanted.pinned.push_back({part, idx});
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
  pinned_.reserve(pinned_.size() + wanted.pages.size());
  Pager::PinResult result = table_->pool()->pager(tier)->Pin(wanted.pages, writes);
  for (size_t i = 0; i < result.count; ++i) {
    Rows(wanted.pinned[i].part)[wanted.pinned[i].idx] = wanted.pages[i]->rows;
    pinned_.push_back(wanted.pinned[i]);
  }
  wanted.pinned.clear();
  wanted.pages.clear();
  return std::move(result.status);
}

}  // namespace dynsplit
