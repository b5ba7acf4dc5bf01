// The best of the blocks that a row looked at a second time, for each layer and KV head: the rows
// of the next steps look at these (Method::reuse), so that no summary is scored for them. Ours:
// beyond the paper.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/archive.h"
#include "dynsplit/method.h"
#include "store/cache_shape.h"

namespace dynsplit {

// Thread safety: distinct layers and KV heads may be set at once.
class LookLists {
 public:
  // For the row at `position`, which chooses among the first `num_blocks` blocks.
  LookLists(const CacheShape& shape, int64_t position, int64_t num_blocks)
      : kv_heads_(shape.kv_heads),
        position_(position),
        num_blocks_(num_blocks),
        lists_(static_cast<size_t>(shape.num_layers) * static_cast<size_t>(shape.kv_heads)) {}

  // Begins anew, with the memory that it has.
  void Reset(int64_t position, int64_t num_blocks) {
    position_ = position;
    num_blocks_ = num_blocks;
  }

  // Whether they serve a row alone in its pass at `position`: one of the `reuse` - 1 after the
  // row that chose, as long as there are no new blocks.
  bool Serve(int64_t position, int64_t num_blocks, int reuse) const {
    return position > position_ && position - position_ < reuse && num_blocks == num_blocks_;
  }
  int64_t position() const { return position_; }      // of the row that chose
  int64_t num_blocks() const { return num_blocks_; }  // that it chose among

  std::vector<int32_t>& blocks(LayerHead head) { return lists_[Index(head)]; }

  // In one record with what is around it.
  void Save(ArchiveWriter* archive) const;
  struct Text {
    int64_t tokens = 0;
    int64_t num_blocks = 0;
    int sink = 0;
  };
  // Corruption for lists that such a text cannot have.
  static Result<LookLists> Load(const CacheShape& shape, const Text& text, ArchiveReader* archive);

 private:
  size_t Index(LayerHead head) const {
    return static_cast<size_t>(head.layer) * static_cast<size_t>(kv_heads_) +
           static_cast<size_t>(head.kv_head);
  }

  int kv_heads_;
  int64_t position_;
  int64_t num_blocks_;
  std::vector<std::vector<int32_t>> lists_;  // [num_layers * kv_heads], ascending
};

}  // namespace dynsplit
