// The pages of one (layer, KV head) that somebody needs in memory, for as long as it is needed.
// Those that bypass the pager's frames are held in a room of its own, for some tens of them. Made
// once for each worker and used again, so that nothing is allocated for a token but at first.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "dynsplit/status.h"
#include "kernels/kv_view.h"
#include "store/page_table.h"

namespace dynsplit {

// Thread safety: none; several may pin pages of one table at once.
class PinnedPages {
 public:
  PinnedPages() = default;
  // Of a table, which must outlive it or the next Reset.
  PinnedPages(const PageTable& table, int layer, int kv_head) { Reset(table, layer, kv_head); }
  PinnedPages(PinnedPages&& o) = default;
  PinnedPages(const PinnedPages&) = delete;
  ~PinnedPages() { Release(); }

  // Lets go of what it has pinned and begins with another (layer, KV head).
  void Reset(const PageTable& table, int layer, int kv_head);
  void Release();

  // Keeps the keys or values of tokens in memory, in addition to what it has pinned. The errors of
  // Pager::Pin and Read, after which nothing but Release or Reset may follow. Cost: O(pages), none
  // where pages stay in memory anyhow.
  Status Pin(KvPart part, TokenRange tokens) {
    return moves_ ? PinRange(part, tokens, /*writes=*/false) : Status();
  }
  // Of tokens here and there, ascending but for a few; of their pages no other rows may be there,
  // so none of this part can be pinned after it until Release.
  Status Pin(KvPart part, std::span<const int32_t> tokens) {
    return moves_ ? PinTokens(part, tokens) : Status();
  }
  // Keys and values of tokens whose pages no other table shares, to be written.
  Status PinToWrite(TokenRange tokens);

  // Whether pages move at all. Where they do not, there is nothing to pin.
  bool moves() const { return moves_; }

  // Of the pinned pages; other addresses are not to be used.
  KvView view() const {
    const CacheShape& shape = table_->shape();
    return {keys(),
            values(),
            shape.head_dim,
            shape.value_dim,
            table_->pool()->types(),
            table_->cold_end()};
  }
  f16* const* keys() const { return moves_ ? keys_.data() : row_->key_rows.data(); }
  f16* const* values() const { return moves_ ? values_.data() : row_->value_rows.data(); }

 private:
  struct Pinned {
    KvPart part;
    size_t idx;
    // The rows that are needed.
    int first_row = 0;
    int end_row = kPageTokens;
  };

  const std::vector<PageRef>& Pages(KvPart part) const {
    return part == KvPart::kKeys ? row_->keys : row_->values;
  }
  std::vector<f16*>& Rows(KvPart part) { return part == KvPart::kKeys ? keys_ : values_; }
  Status PinRange(KvPart part, TokenRange tokens, bool writes);
  Status PinTokens(KvPart part, std::span<const int32_t> tokens);
  void Want(const Pinned& needed, bool writes);
  void WantAlso(const Pinned& needed);
  Status PinWanted(bool writes);

  // Of the call under way: what is not in memory of a tier.
  struct Wanted {
    std::vector<Pinned> pinned;
    std::vector<Page*> pages;
  };

  Status PinWanted(PageTier tier, bool writes);
  Status ReadBypassing(PageTier tier, Wanted* wanted);
  bool MakeRoom(size_t elements);
  PageBytesRange BytesNeeded(const Pinned& needed) const;

  const PageTable* table_ = nullptr;
  const PageTable::Row* row_ = nullptr;
  bool moves_ = false;
  bool has_parts_[2] = {};    // by part of KV: pages of which only some rows may be there
  std::vector<f16*> keys_;    // [pages], null for those that are not pinned
  std::vector<f16*> values_;  // likewise
  std::vector<Pinned> pinned_;
  std::vector<Pinned> bypassing_;
  AlignedBuffer<f16> room_;  // theirs, in their order
  size_t room_used_ = 0;
  Wanted wanted_[2];  // by tier
};

}  // namespace dynsplit
