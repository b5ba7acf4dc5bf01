// The pages of one sequence: a row of keys and one of values for each (layer, KV head). Copying a
// table forks the sequence: both share all pages until one writes, which copies only the page it
// writes to.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dynsplit/status.h"
#include "kernels/kv_view.h"
#include "store/page_pool.h"

namespace dynsplit {

// Thread safety: Extend belongs to the engine's thread. Pages may then be read and written by any
// thread, through PinnedPages, until the next Extend.
class PageTable {
 public:
  // The pages of one (layer, KV head), indexed by token / kPageTokens.
  struct Row {
    std::vector<PageRef> keys;
    std::vector<PageRef> values;
    // Where they are, if they stay there; else empty.
    std::vector<f16*> key_rows;
    std::vector<f16*> value_rows;
  };

  // The pool must outlive the table.
  PageTable(PagePool* pool, int num_layers, int kv_heads, int head_dim);

  // Makes tokens [first, first + count) writable: allocates the pages that are missing and copies
  // a page that a fork shares. `first` is the number of tokens held. On an error (of
  // PagePool::Allocate or Pager::Pin) what was held before is intact. Cost: O(new pages).
  Status Extend(int64_t first, int64_t count);

  // Where the pages are that were just made by Extend(0, ...) and not written yet: for each row,
  // for each 64 tokens, keys and then values. The pool must have a pager. Cost: O(pages).
  void ReadFrom(const std::shared_ptr<const PageSource>& source);

  const Row& row(int layer, int kv_head) const {
    return rows_[static_cast<size_t>(layer) * static_cast<size_t>(kv_heads_) +
                 static_cast<size_t>(kv_head)];
  }
  PagePool* pool() const { return pool_; }
  int head_dim() const { return head_dim_; }

  size_t bytes() const;           // of all pages referred to, shared or not
  size_t resident_bytes() const;  // of these, in memory now. Cost: O(pages)

 private:
  Status Extend(int layer, int64_t first, int64_t count, Row* row);
  Status AddPage(int layer, size_t wanted, std::vector<PageRef>* pages, std::vector<f16*>* rows);
  Status MakeExclusive(int layer, size_t idx, std::vector<PageRef>* pages, std::vector<f16*>* rows);

  PagePool* pool_;
  int kv_heads_;
  int head_dim_;
  std::vector<Row> rows_;  // [layers * kv_heads]
};

}  // namespace dynsplit
