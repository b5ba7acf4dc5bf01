// What each row of a pass that selects attends to, layer by global layer. All workers take part:
// with few rows each row and KV head that chooses single tokens goes through the phases of a
// TokenSelection, whose parts they claim, and whoever finishes the last part of a phase does what
// follows while the others are at other heads; of many rows each is one worker's. What single
// tokens were chosen is held with their scores until the next layer: 4 (1 + query heads of a KV
// head) bytes for each.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/first_error.h"
#include "cache/pass_span.h"
#include "cache/phased_work.h"
#include "cache/semantic_cache.h"
#include "select/selector.h"
#include "select/token_selection.h"
#include "store/pinned_pages.h"

namespace dynsplit {

// Parts that a row's keys are shared out in, of a span of `rows` rows. Of one row alone, which may
// attend to a whole long context, they have at most kMostPartTokens tokens each, so that what a
// worker needs in memory at once does not grow with it. With more rows, parts would cost as much.
inline constexpr int64_t kMostPartTokens = 1024;
int NumParts(int rows, int64_t tokens);
// Which of `count` things a part takes.
TokenRange PartOf(int64_t count, int part, int num_parts);

// What a row attends to under one KV head.
struct RowChoice {
  bool by_token = false;
  TokenChoice tokens;       // if by_token
  std::vector<Tile> tiles;  // else; the selecting heads of a row have the same number
  int64_t num_tokens = 0;
};

class RowSelector {
 public:
  // What goes wrong when keys are read goes to `error`, and choices are arbitrary then.
  RowSelector(const CacheShape& shape, int max_workers, FirstError* error);

  // `spans` must stay until the next Begin.
  void Begin(std::span<const Span> spans);
  // Before Select of the same layer, by one worker.
  void BeginLayer(int layer);
  // queries [rows, num_heads, head_dim].
  void Select(int layer, const float* queries, Worker worker);

  bool Selects(const Span& span, LayerHead head) const;
  int NumSelecting(const Span& span, int layer) const;  // KV heads of the layer
  // After Select.
  const RowChoice& choice(int row, int kv_head) const { return choices_[RowHead(row, kv_head)]; }
  // Tokens attended to by the span's rows that selected, summed over layers, KV heads and rows.
  int64_t attended_tokens(size_t span_idx) const {
    return totals_[span_idx].attended_tokens.load(std::memory_order_relaxed);
  }
  // Blocks chosen, summed alike; where single tokens are, the blocks that these were taken from.
  int64_t chosen_blocks(size_t span_idx) const {
    return totals_[span_idx].chosen_blocks.load(std::memory_order_relaxed);
  }

 private:
  // Of a shared row and KV head.
  enum Phase {
    kBegin,   // one part, of nothing: what follows it needs queries
    kSurvey,  // finds the blocks of long texts that are worth scoring
    kScore,   // the blocks' summaries
    kLook,    // the keys of a second look
  };
  struct Scratch {
    SelectScratch select;
    TokenSelection tokens;
    std::vector<int32_t> chosen;
    std::vector<TokenRange> ranges;
    PinnedPages pages;
  };
  // Of a span.
  struct Totals {
    std::atomic<int64_t> attended_tokens{0};
    std::atomic<int64_t> chosen_blocks{0};
  };
  // One row under one KV head.
  struct Row {
    size_t span_idx = 0;
    int idx = 0;  // in its span
    LayerHead head;
  };

  // What is the same for a row in all layers and KV heads.
  struct RowPlan {
    bool shared = false;       // single tokens are chosen, by several workers
    bool may_reuse = false;    // blocks that a row before looked at
    int64_t end_block = 0;     // of the candidates
    int64_t recent_start = 0;  // of what is attended to after them
    int64_t budget_tokens = 0;
  };

  void Reserve(int rows);
  RowPlan PlanOf(const Span& span, int idx) const;
  // Whether it looks at what a row before looked at; the same up to Remember.
  bool Reuses(const Row& row, const SelectInput& input) const;
  const Span& SpanOf(const Row& row) const { return spans_[row.span_idx]; }
  size_t RowHead(int row, int kv_head) const {
    return static_cast<size_t>(row) * static_cast<size_t>(shape_.kv_heads) +
           static_cast<size_t>(kv_head);
  }
  size_t RowHead(const Row& row) const {
    return RowHead(SpanOf(row).first_row + row.idx, row.head.kv_head);
  }
  const RowPlan& Plan(const Row& row) const {
    return plans_[static_cast<size_t>(SpanOf(row).first_row + row.idx)];
  }
  // Calls fn(row) for the rows and KV heads that select.
  template <typename Fn>
  void ForEachRow(int layer, const Fn& fn) const;
  SelectInput InputOf(const Row& row, const float* queries) const;
  // Of a row that is alone in its span, where the method lets several look at the same blocks.
  LookLists* Looks(const Row& row) const {
    return SpanOf(row).rows == 1 ? SpanOf(row).cache->looks() : nullptr;
  }
  std::span<const float> Queries(const SelectInput& input) const {
    return {input.queries,
            static_cast<size_t>(input.group_heads) * static_cast<size_t>(shape_.head_dim)};
  }
  // Does a part of a shared row's phase; false if there is none for now.
  bool DoPart(const float* queries, PinnedPages* pages);
  void ScorePart(const Row& row, const SelectInput& input, const PhasedWork::Part& part,
                 PinnedPages* pages);
  void EndPhase(const Row& row, const SelectInput& input, int phase);
  void OpenPhase(const Row& row, Phase phase);
  int NumParts(const Row& row, Phase phase) const;
  void LookAgain(const Row& row, const SelectInput& input, TokenSelection* selection) const {
    selection->LookAt(Looks(row)->blocks(row.head), input);
  }
  void Choose(const Row& row, const SelectInput& input, TokenSelection* selection);
  void Remember(const Row& row, const SelectInput& input, TokenSelection* selection) const;
  void ScoreKeys(SelectInput input, const Row& row, TokenRange keys, TokenSelection* selection,
                 PinnedPages* pages);
  void SelectAlone(const Row& row, const float* queries, Scratch* scratch);
  void ChooseRanges(SelectInput input, const Row& row, Scratch* scratch);
  void CountBlocks(const Row& row, int64_t count) {
    totals_[row.span_idx].chosen_blocks.fetch_add(count, std::memory_order_relaxed);
  }
  void Finish(const Row& row);
  void Record(const Row& row) const;
  void Pad(const Row& row);

  CacheShape shape_;
  FirstError& error_;
  std::span<const Span> spans_;
  std::vector<Scratch> scratch_;                    // [max_workers]
  std::vector<RowChoice> choices_;                  // [rows * kv_heads]
  std::vector<Row> shared_;                         // of this layer
  std::vector<TokenSelection> selections_;          // [rows * kv_heads]; of shared rows
  std::vector<RowPlan> plans_;                      // [rows], of those that select
  std::unique_ptr<PhasedWork[]> works_;             // [rows * kv_heads]; of shared rows
  std::unique_ptr<std::atomic<int>[]> heads_done_;  // [rows]
  std::unique_ptr<Totals[]> totals_;                // [spans, no more than rows]
  int rows_capacity_ = 0;
  bool shares_rows_ = false;  // this pass
  std::atomic<int> next_alone_{0};
};

}  // namespace dynsplit
