// Gathers the votes of the rows that one pass reads densely (token_votes.h): for every sequence the
// last queries, and for those under Policy::kH2o the attention mass that each key receives from all
// rows, in global layers. Part of AttentionBatch, with its threads and its order of steps.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/first_error.h"
#include "cache/pass_span.h"
#include "cache/token_votes.h"
#include "kernels/kv_view.h"
#include "store/cache_shape.h"

namespace dynsplit {

// The rows of a pass in one layer.
struct LayerRows {
  int layer = 0;
  const float* queries = nullptr;  // [rows, num_heads, head_dim], unscaled, after RoPE
  const float* lse = nullptr;      // [rows, num_heads], where the row attended densely
};

class VoteCounter {
 public:
  // What goes wrong when keys are read goes to `error`, and votes are arbitrary then.
  VoteCounter(const CacheShape& shape, FirstError* error) : shape_(shape), error_(*error) {}

  // Cost: for each dense span, where no spare window is free, a new one and, under kH2o, a copy of
  // its votes so far.
  void Begin(std::span<const Span> spans);

  // Whether some sequence of the pass counts the votes of all its rows.
  bool counts_all() const { return counts_all_; }

  // Copies the queries of `rows` of the pass, all of one span, for one KV head, as far as they
  // belong to the window; nothing for a span that selects, or in a layer that is not global. Any
  // number of calls at once.
  void KeepQueries(const LayerRows& layer, size_t span_idx, TokenRange rows, int kv_head);
  // Adds the votes of all rows where they are counted; to be called by every worker, after the
  // whole layer was attended to. The sums do not depend on the number of workers.
  void Count(const LayerRows& layer, Worker worker);

  // Null where there is none.
  std::shared_ptr<const QueryWindow> window(size_t span_idx) const { return windows_[span_idx]; }
  std::shared_ptr<const TokenVotes> votes(size_t span_idx) const { return votes_[span_idx]; }

 private:
  void CountFor(const LayerRows& layer, size_t span_idx, int kv_head, TokenRange keys);

  CacheShape shape_;
  FirstError& error_;
  std::vector<Span> spans_;
  std::vector<std::shared_ptr<QueryWindow>> windows_;  // [spans]
  // [spans]: of the dense pass before. A commit frees the window of the pass before that, so a
  // sequence that is read goes on with two in turn.
  std::vector<std::shared_ptr<QueryWindow>> spares_;
  std::vector<std::shared_ptr<TokenVotes>> votes_;  // [spans]
  bool counts_all_ = false;
};

}  // namespace dynsplit
