// The index that a joint selection reads (Attention::kJoint, method.md section 8): the mean key of
// every kRunTokens tokens, per layer and KV head, in f16. It knows no blocks: a prompt is read
// before its boundaries are learned, and one mean for eight tokens costs a sixteenth of the keys
// and values. Copies (forks) share its chunks as those of BlockIndex, and its thread safety is
// BlockIndex's.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "index/block_index.h"

namespace dynsplit {

inline constexpr int kRunTokens = 8;  // divides kPageTokens

class RunIndex {
 public:
  RunIndex(int num_layers, int kv_heads, int head_dim);

  // Makes num_runs() = num_runs, if there are less. The new ones may then be filled. Throws
  // std::bad_alloc.
  void Reserve(int64_t num_runs);
  // Writes the means of runs of one layer, among those that the last Reserve added, in ascending
  // order. views: [kv_heads], or fewer. Cost: one pass over the runs' keys.
  void Fill(int layer, TokenRange runs, std::span<const KvView> views);

  int64_t num_runs() const { return means_.num_blocks(); }
  // Appends the means' addresses: chunk c holds those of runs [64 c, 64 (c + 1)), [.., head_dim].
  void AppendChunks(int layer, int kv_head, std::vector<const f16*>* chunks) const;

  size_t bytes() const { return means_.bytes(); }

 private:
  BlockIndex means_;  // of blocks of kRunTokens tokens
};

}  // namespace dynsplit
