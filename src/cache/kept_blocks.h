// What an eviction policy (Policy::kSnapKv, Policy::kH2o) keeps of a text: chosen once, when the
// first query after it selects, for each layer and KV head. Everything else is attended to never
// again, until more text is read.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/archive.h"
#include "cache/token_votes.h"
#include "dynsplit/method.h"
#include "kernels/kv_view.h"
#include "store/cache_shape.h"

namespace dynsplit {

struct KeptBlock {
  int32_t start = 0;
  int32_t length = 0;
  // Tokens of this block and of all that have more votes: the budget at which it is still kept.
  int32_t needed_budget = 0;
};

class KeptBlocks {
 public:
  // Chooses among `blocks`, all but the sink's, the ones with the highest mean votes that fit into
  // the budget of a context of `context` tokens. `votes` cover the blocks. Cost: O(tokens) per
  // layer and KV head.
  KeptBlocks(const CacheShape& shape, const Method& method, std::span<const Block> blocks,
             const TokenVotes& votes, int64_t context);

  // In one record with what is around it.
  void Save(ArchiveWriter* archive) const;
  // Corruption for blocks that a text of so many tokens cannot have.
  static Result<KeptBlocks> Load(const CacheShape& shape, int64_t tokens, ArchiveReader* archive);

  // Appends what the row at `position` attends to, in order: the sink, kept blocks, what has left
  // `recent` since the choice, and `recent`. The third counts against the budget: the blocks with
  // the fewest votes make room for it and, once it fills the budget alone, its oldest tokens go.
  // So what a later row attends to of the text is a part of what an earlier one did.
  // Cost: O(blocks kept).
  void AppendRanges(int layer, int kv_head, const Method& method, int64_t position,
                    std::vector<TokenRange>* ranges) const;

 private:
  KeptBlocks(const CacheShape& shape, int64_t end)
      : kv_heads_(shape.kv_heads),
        end_(end),
        kept_(static_cast<size_t>(shape.num_layers) * static_cast<size_t>(shape.kv_heads)) {}

  int kv_heads_;
  int64_t end_;                               // the choice was among the tokens before this one
  std::vector<std::vector<KeptBlock>> kept_;  // [num_layers * kv_heads], ascending
};

}  // namespace dynsplit
