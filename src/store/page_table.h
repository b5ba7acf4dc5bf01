// The pages of one sequence: a row of them for each (layer, KV head). Copying a table forks the
// sequence: both share all pages until one writes, which copies only the page it writes to.
#pragma once

#include <cstdint>
#include <vector>

#include "dynsplit/status.h"
#include "kernels/kv_view.h"
#include "store/page_pool.h"

namespace dynsplit {

// Thread safety: Extend belongs to the engine's thread; the addresses it made may then be read and
// written by any thread, until the next Extend.
class PageTable {
 public:
  // The pool must outlive the table.
  PageTable(PagePool* pool, int num_layers, int kv_heads, int head_dim);

  // Makes tokens [first, first + count) writable: allocates the pages that are missing and copies
  // a page that a fork shares. `first` is the number of tokens held. On ResourceExhausted what was
  // held before is intact. Cost: O(new pages).
  Status Extend(int64_t first, int64_t count);

  KvView View(int layer, int kv_head) const;
  // Writable pages of one (layer, KV head), indexed by token / kPageTokens.
  f16* const* Writable(int layer, int kv_head) const {
    return addresses_[Row(layer, kv_head)].data();
  }

  size_t bytes() const;  // of all pages referred to, shared or not

 private:
  size_t Row(int layer, int kv_head) const {
    return static_cast<size_t>(layer) * kv_heads_ + kv_head;
  }
  Status MakeExclusive(size_t row, size_t page);

  PagePool* pool_;
  int kv_heads_;
  int head_dim_;
  std::vector<std::vector<PageRef>> pages_;   // [layers * kv_heads][num_pages]
  std::vector<std::vector<f16*>> addresses_;  // the same pages, as the kernels want them
};

}  // namespace dynsplit
