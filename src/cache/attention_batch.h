// The attention of one pass over several sequences, as steps per layer:
//
//   per layer: Append Select Attend Observe?
//
// All workers call each step, with a barrier between steps (ggml puts one between its nodes). Work
// is claimed item by item; results do not depend on who computes what, since partial results are
// merged in a fixed order. Rows of Attention::kJoint choose within Attend, 64 of them at a time:
// nobody else needs their choice. docs/architecture.md, "How a token flows".
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/first_error.h"
#include "cache/joint_selector.h"
#include "cache/pass_span.h"
#include "cache/row_selector.h"
#include "cache/semantic_cache.h"
#include "cache/vote_counter.h"
#include "kernels/causal_attention.h"
#include "kernels/softmax_state.h"
#include "store/pinned_pages.h"

namespace dynsplit {

class AttentionBatch {
 public:
  // All caches of a pass observe as `observation` says.
  AttentionBatch(const CacheShape& shape, int max_workers, const Observation& observation = {});

  // Bytes of pages that so many workers need in memory at once: of a part of the tokens chosen,
  // each on a page of its own, or of the keys that are summarised together. More are needed where a
  // method reads the keys of a whole context at once (Policy::kOracle, and Pick::kBlocks with
  // refine), or keeps int2 vectors of blocks of more than 64 tokens. `type`: of the pages, of the
  // cold ones where there are two tiers.
  static int64_t LeastPageBytes(const CacheShape& shape, int workers, KvType type = KvType::kF16);
  // The same of hot pages, where most tokens are in cold ones: of a pass and of the tokens that
  // stay hot.
  static int64_t LeastHotBytes(const CacheShape& shape, int workers, int batch_tokens, KvType type);

  // Prepares for a pass over `spans`, whose caches have begun theirs. Rows are numbered through.
  void Begin(std::span<const Span> spans);

  // keys [rows, KV heads of the layer, head_dim] after RoPE, values [.., value_dim], f32: written
  // to the pages.
  void Append(int layer, const float* keys, const float* values, Worker worker);
  // queries [rows, num_heads, head_dim]: chooses what the rows that select attend to.
  void Select(int layer, const float* queries, Worker worker) {
    selector_.Select(layer, queries, worker);
  }
  // outputs [rows, num_heads, value_dim].
  void Attend(int layer, const float* queries, float* outputs, Worker worker);
  // Adds the local attention mass (DD-Select) in sampled layers of the rows that are not selected,
  // and in all global layers the votes of dense ones for sequences that count them (H2O); after
  // Attend, where Observes(layer).
  void Observe(int layer, const float* queries, Worker worker);

  // Layers whose attention DD-Select samples: SampledLayers.
  bool IsSampled(int layer) const { return sampled_[static_cast<size_t>(layer)]; }
  int observed_heads() const;
  bool counts_votes() const { return votes_.counts_all(); }
  bool Observes(int layer) const {
    return IsSampled(layer) || (counts_votes() && shape_.IsGlobal(layer));
  }

  // What went wrong while pages were brought into memory: the outputs are arbitrary then, and the
  // pass must not be committed. After the last layer.
  const Status& status() const { return error_.status(); }
  // What was seen of a span's rows; valid until the next Begin.
  Observed ObservedOf(size_t span_idx) const;
  // Blocks chosen for the span's rows, summed over layers, KV heads and rows.
  int64_t ChosenBlocks(size_t span_idx) const { return selector_.chosen_blocks(span_idx); }
  // Tokens attended to by the span's rows, summed over layers, KV heads and rows.
  int64_t AttendedTokens(size_t span_idx) const;

 private:
  struct Item;  // a unit of Attend's work
  struct Scratch {
    AlignedBuffer<float> floats;
    std::vector<TokenRange> ranges;
    PinnedPages pages;
  };

  // How many keys the row at `position` sees.
  int64_t NumSeen(int layer, int64_t position) const {
    return position + 1 - shape_.FirstSeen(layer, position);
  }
  const std::vector<Tile>& DenseTiles(size_t span_idx, int layer) const;
  void ReserveRows(int rows);
  template <typename Fn>
  void ForEachItem(int layer, const Fn& fn);
  template <typename Fn>
  void ForEachBlock(const Span& span, int kv_head, const Fn& fn);
  void AttendBlock(const Item& item, int layer, const float* queries, float* outputs,
                   Worker worker);
  void AttendCausally(const PageTable& table, LayerHead head, CausalAttentionArgs* args,
                      Worker worker);
  void AttendPart(const Item& item, int layer, const float* queries, float* outputs,
                  PinnedPages* pages);
  Status AttendTiles(const Item& item, int layer, const float* queries, size_t state,
                     PinnedPages* pages);
  Status AttendTokens(const Item& item, int layer, size_t state, PinnedPages* pages);
  void MergeParts(const Item& item, int layer, const float* queries, float* outputs);
  void KeepQueries(const Item& item, int layer, const float* queries);
  void ObserveLocal(int layer, const float* queries, Worker worker);
  size_t RowHead(int row, int kv_head) const {
    return static_cast<size_t>(row) * shape_.kv_heads + kv_head;
  }

  CacheShape shape_;
  Observation observation_;
  FirstError error_;
  std::vector<bool> sampled_;
  RowSelector selector_;
  JointSelector joint_selector_;
  std::vector<Span> spans_;
  std::vector<int64_t> first_positions_;  // [spans]: of each span's first row
  std::vector<int> windows_;              // those that layers have, each once, and 0
  // [spans, windows_]: page-sized tiles of what one-row spans see.
  std::vector<std::vector<Tile>> dense_tiles_;
  std::vector<Scratch> scratch_;  // [max_workers]
  AlignedBuffer<float> lse_;      // [rows, num_heads] of the last layer; not of spans that select
  AlignedBuffer<float> mass_;     // [rows, mass_row]
  AlignedBuffer<float> part_outputs_;               // [parts, group_heads, value_dim]
  std::vector<SoftmaxState> part_states_;           // [parts, group_heads]
  std::unique_ptr<std::atomic<int>[]> parts_done_;  // [rows * kv_heads]
  int rows_capacity_ = 0;
  VoteCounter votes_;
  std::atomic<int> next_attend_{0};
};

}  // namespace dynsplit
