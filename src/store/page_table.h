// The pages of one sequence: a row of keys and one of values for each (layer, KV head). Copying a
// table forks the sequence: both share all pages until one writes, which copies only the page it
// writes to.
//
// In a layer with a window (CacheShape), pages that no later row sees are given back as the
// sequence grows, so that it holds no more tokens than its window and those of a pass, in whole
// pages.
//
// Where the pool has two tiers, a page becomes cold once it is whole and lies before the last
// kHotTokens: a matter of the sequence's length alone, whatever is in memory. It is encoded then,
// once, and never changes again.
//
//   (Extend (EncodeCold AdoptCold DropUnseen)?)*
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dynsplit/status.h"
#include "kernels/kv_view.h"
#include "store/cache_shape.h"
#include "store/page_pool.h"

namespace dynsplit {

// Tokens at the end of a sequence that stay in the hot type. What is always attended to (`recent`,
// 64 by default) and what DD-Select observes (79 keys) are among them; KIVI keeps as many.
inline constexpr int64_t kHotTokens = 128;

// Thread safety: Extend belongs to the engine's thread. Pages may then be read and written by any
// thread, through PinnedPages, until the next Extend.
class PageTable {
 public:
  // The pages of one (layer, KV head), indexed by token / kPageTokens. None of a KV head that the
  // layer does not have.
  struct Row {
    size_t first = 0;  // those before it were given back
    std::vector<PageRef> keys;
    std::vector<PageRef> values;
    // Where they are, if they stay there; else empty.
    std::vector<f16*> key_rows;
    std::vector<f16*> value_rows;
  };

  // The pool must outlive the table.
  PageTable(PagePool* pool, const CacheShape& shape);

  // Makes tokens [first, first + count) writable: allocates the pages that are missing and copies
  // a page that a fork shares. `first` is the number of tokens held. On an error (of
  // PagePool::Allocate or Pager::Pin) what was held before is intact. Cost: O(new pages).
  Status Extend(int64_t first, int64_t count);

  // Gives up the pages behind `tokens`, which must not be fewer than are cold.
  void Truncate(int64_t tokens);

  // The same for all of a text that is to be read from a file, into a table that is empty: pages
  // are cold where they are after so many tokens.
  Status Restore(int64_t tokens);

  // Where the pages are that were just made by Restore and not written yet: for each row, for each
  // 64 tokens that it holds, keys and then values. The pool must have pagers. Cost: O(pages).
  void ReadFrom(const PageSourceRef& source);

  // Encodes the pages that are cold once there are `tokens`, which must be written. Nobody sees
  // that before AdoptCold; Extend forgets it. On an error nothing has changed: those of
  // PagePool::Allocate and Pager::Pin. Cost: O(1) where no page is to be encoded.
  Status EncodeCold(int64_t tokens);
  void AdoptCold() noexcept;
  // Gives back what no row behind the first `tokens` sees.
  void DropUnseen(int64_t tokens) noexcept;

  int64_t cold_end() const { return static_cast<int64_t>(cold_pages_) * kPageTokens; }
  // What cold_end() is to be once there are `tokens`.
  int64_t ColdEndAt(int64_t tokens) const;

  const Row& row(int layer, int kv_head) const {
    return rows_[static_cast<size_t>(layer) * static_cast<size_t>(shape_.kv_heads) +
                 static_cast<size_t>(kv_head)];
  }
  PagePool* pool() const { return pool_; }
  const CacheShape& shape() const { return shape_; }
  // Of the first page that a layer holds once there are `tokens`.
  size_t FirstPage(int layer, int64_t tokens) const {
    return static_cast<size_t>(shape_.FirstSeen(layer, tokens) / kPageTokens);
  }

  size_t bytes() const;           // of all pages referred to, shared or not
  size_t resident_bytes() const;  // of these, in memory now. Cost: O(pages)

 private:
  void Truncate(int64_t tokens, Row* row) const;
  void Resize(size_t num_pages, Row* row) const;
  // Calls fn(layer, row) for the KV heads that each layer has, until one returns an error.
  template <typename Fn>
  Status ForEachRow(const Fn& fn);
  Status Extend(int layer, int64_t first, int64_t count, Row* row);
  Status AddPage(int layer, size_t wanted, std::vector<PageRef>* pages, std::vector<f16*>* rows);
  size_t FirstToEncode(int layer) const;
  Result<PageRef> Encoded(int layer, KvPart part, Page* from, std::vector<f16>* room);
  Status MakeExclusive(int layer, size_t idx, std::vector<PageRef>* pages, std::vector<f16*>* rows);

  PagePool* pool_;
  CacheShape shape_;
  std::vector<Row> rows_;  // [layers * kv_heads]
  size_t cold_pages_ = 0;  // the first ones of each row
  // EncodeCold's: for each row, for each page that it is to hold, keys and values.
  std::vector<PageRef> encoded_;
  size_t encoded_end_ = 0;      // cold_pages_ after AdoptCold
  int64_t encoded_tokens_ = 0;  // that there are then
};

}  // namespace dynsplit
