// The best of the blocks that a row looked at a second time, for each layer and KV head, and the
// query that it did so for. While a head's query keeps its direction, the rows of the next steps
// look at the same blocks (Method::reuse), so that no summary is scored for them: heads differ in
// how often they turn, and a head that looks for what the last token stands for turns with each.
// Ours: beyond the paper.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/archive.h"
#include "dynsplit/method.h"
#include "store/cache_shape.h"

namespace dynsplit {

// Whether each of the vectors of `length`, one after the other in `a` and in `b`, has at least this
// cosine with its counterpart; `length` is a multiple of 8. Cost: O(a).
bool AllPointAlike(std::span<const float> a, std::span<const float> b, size_t length,
                   double cosine);

// Thread safety: distinct layers and KV heads may be set at once.
class LookLists {
 public:
  // For the rows after the one at `position`, which choose among the first `num_blocks` blocks.
  LookLists(const CacheShape& shape, int64_t position, int64_t num_blocks)
      : kv_heads_(shape.kv_heads),
        head_dim_(shape.head_dim),
        position_(position),
        num_blocks_(num_blocks),
        looks_(static_cast<size_t>(shape.num_layers) * static_cast<size_t>(shape.kv_heads)),
        renewed_(looks_.size()) {}

  // Begins anew, with the memory that it has.
  void Reset(int64_t position, int64_t num_blocks);

  // Whether they may serve a row alone in its pass at `position`: one of the `reuse` - 1 after the
  // first, as long as there are no new blocks.
  bool MayServe(int64_t position, int64_t num_blocks, int reuse) const {
    return position > position_ && position - position_ < reuse && num_blocks == num_blocks_;
  }
  // Whether a head's does, which is one that was made for queries [query heads, d] like these.
  bool Serves(LayerHead head, std::span<const float> queries, double cosine) const {
    const Look& look = looks_[Index(head)];
    return look.is_made &&
           AllPointAlike(look.queries, queries, static_cast<size_t>(head_dim_), cosine);
  }
  int64_t position() const { return position_; }      // of the row that began
  int64_t num_blocks() const { return num_blocks_; }  // that rows choose among

  const std::vector<int32_t>& blocks(LayerHead head) const { return looks_[Index(head)].blocks; }
  // A list to be made anew, ascending, by a row with these queries. It takes the place of the old
  // one with Commit, so that a pass may fail and be repeated.
  std::vector<int32_t>* Renew(LayerHead head, std::span<const float> queries);
  void Commit();
  void Abandon();  // what was renewed since

  // What is committed, in one record with what is around it.
  void Save(ArchiveWriter* archive) const;
  struct Text {
    int64_t tokens = 0;
    int64_t num_blocks = 0;
    int sink = 0;
  };
  // Corruption for lists that such a text cannot have.
  static Result<LookLists> Load(const CacheShape& shape, const Text& text, ArchiveReader* archive);

 private:
  struct Look {
    bool is_made = false;
    std::vector<int32_t> blocks;  // ascending
    std::vector<float> queries;   // [query heads, d], of the row that made it
  };

  static bool Fits(const Look& look, const Text& text, int64_t num_blocks);
  size_t Index(LayerHead head) const {
    return static_cast<size_t>(head.layer) * static_cast<size_t>(kv_heads_) +
           static_cast<size_t>(head.kv_head);
  }

  int kv_heads_;
  int head_dim_;
  int64_t position_;
  int64_t num_blocks_;
  std::vector<Look> looks_;    // [num_layers * kv_heads]
  std::vector<Look> renewed_;  // the same; since the last Commit
};

}  // namespace dynsplit
