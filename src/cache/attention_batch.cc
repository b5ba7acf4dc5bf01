#include "cache/attention_batch.h"

#include <algorithm>

#include "base/check.h"
#include "cache/claims.h"
#include "kernels/append_rows.h"
#include "kernels/local_mass.h"
#include "kernels/tile_attention.h"
#include "kernels/token_attention.h"
#include "split/tile_map.h"

namespace dynsplit {
namespace {

// Keys that a block of rows reads before their pages may move again: sixteen pages, or 128 where
// each run of kRunTokens is on a page of its own.
constexpr int64_t kPinnedTokens = 16 * kPageTokens;
constexpr int64_t kPinnedRuns = kPinnedTokens / kRunTokens;
static_assert(2 * kPinnedRuns <= kMostPartTokens);  // LeastPageBytes has room for them

// Cuts the next kPinnedTokens tokens from `ranges`. What lies before `*begin` was cut already.
// False where none are left.
bool NextEarlier(std::span<const TokenRange>* ranges, int64_t* begin,
                 std::vector<TokenRange>* some) {
  some->clear();
  for (int64_t room = kPinnedTokens; room > 0 && !ranges->empty();) {
    const int64_t start = std::max(*begin, ranges->front().start);
    const int64_t end = std::min(ranges->front().end, start + room);
    some->push_back({start, end});
    room -= end - start;
    *begin = end;
    if (end == ranges->front().end) *ranges = ranges->subspan(1);
  }
  return !some->empty();
}

}  // namespace

// Either `rows` rows in one block, dense or joint, or one part of one row's tiles or tokens.
struct AttentionBatch::Item {
  const Span* span = nullptr;
  int first_row = 0;  // of the pass
  int rows = 1;
  int kv_head = 0;
  const std::vector<Tile>* tiles = nullptr;
  const TokenChoice* tokens = nullptr;  // neither: a block of rows
  int part = 0;
  int num_parts = 1;
  int slot = 0;  // of the row's first part in part_states_
};

AttentionBatch::AttentionBatch(const CacheShape& shape, int max_workers,
                               const Observation& observation)
    : shape_(shape),
      observation_(observation),
      sampled_(static_cast<size_t>(shape.num_layers)),
      selector_(shape, max_workers, &error_),
      joint_selector_(shape, max_workers),
      scratch_(static_cast<size_t>(max_workers)),
      votes_(shape, &error_) {
  for (const int layer : SampledLayers(shape)) sampled_[static_cast<size_t>(layer)] = true;
  windows_.push_back(0);
  for (const LayerShape& layer : shape.layers) {
    if (std::ranges::find(windows_, layer.window) == windows_.end()) {
      windows_.push_back(layer.window);
    }
  }
  for (Scratch& scratch : scratch_) {
    scratch.floats.Resize(
        CausalAttentionScratch(shape.head_dim, shape.value_dim, shape.MostGroupHeads()));
    scratch.ranges.reserve(kPinnedRuns);
  }
}

int64_t AttentionBatch::LeastPageBytes(const CacheShape& shape, int workers, KvType type) {
  const int64_t summarised = int64_t{shape.kv_heads} * (kIndexChunkBlocks + 2);
  const int64_t pages = std::max(kMostPartTokens, summarised);
  return workers * pages * static_cast<int64_t>(PageBytes(type, shape.PageWidth()));
}

int64_t AttentionBatch::LeastHotBytes(const CacheShape& shape, int workers, int batch_tokens,
                                      KvType type) {
  // Both ends of a range may lie within a page, and a page becomes cold as a whole.
  const int64_t pages_of_head = (kHotTokens + batch_tokens) / kPageTokens + 3;
  // Keys and values of one KV head, or keys of all.
  const int64_t pages = std::max(2, shape.kv_heads) * pages_of_head;
  return workers * pages * static_cast<int64_t>(PageBytes(type, shape.PageWidth()));
}

int AttentionBatch::observed_heads() const {
  return static_cast<int>(std::count(sampled_.begin(), sampled_.end(), true)) * shape_.num_heads;
}

void AttentionBatch::Begin(std::span<const Span> spans) {
  spans_.assign(spans.begin(), spans.end());
  error_.Clear();
  votes_.Begin(spans);
  first_positions_.clear();
  const size_t num_windows = windows_.size();
  if (dense_tiles_.size() < spans_.size() * num_windows) {
    dense_tiles_.resize(spans_.size() * num_windows);
  }
  int rows = 0;
  size_t head_parts = 0;  // in no layer there are more
  for (size_t s = 0; s < spans_.size(); ++s) {
    const Span& span = spans_[s];
    DYNSPLIT_CHECK(span.first_row == rows && span.rows > 0);
    DYNSPLIT_CHECK(span.cache->observation().mass_row() == observation_.mass_row());
    rows += span.rows;
    first_positions_.push_back(span.cache->size());
    for (size_t w = 0; w < num_windows; ++w) {
      std::vector<Tile>& tiles = dense_tiles_[s * num_windows + w];
      tiles.clear();
      if (span.rows > 1) continue;
      const int64_t end = span.cache->size() + 1;
      const TokenRange seen{windows_[w] == 0 ? 0 : std::max<int64_t>(0, end - windows_[w]), end};
      AppendTiles({&seen, 1}, kPageTokens, &tiles);
    }
    if (span.rows == 1 || span.attention == Attention::kSelected) {
      const int64_t tokens = span.cache->size() + span.rows;
      const int most = NumParts(span.rows, tokens);
      head_parts += static_cast<size_t>(span.rows) * shape_.num_heads * most;
    }
  }
  ReserveRows(rows);
  selector_.Begin(spans_);
  joint_selector_.Begin(spans_);
  lse_.Resize(static_cast<size_t>(rows) * shape_.num_heads);
  mass_.Resize(static_cast<size_t>(rows) * observation_.mass_row());
  std::fill_n(mass_.data(), mass_.size(), 0.0f);
  part_states_.resize(std::max(part_states_.size(), head_parts));
  part_outputs_.Resize(part_states_.size() * shape_.value_dim);
}

const std::vector<Tile>& AttentionBatch::DenseTiles(size_t span_idx, int layer) const {
  const auto window = std::ranges::find(windows_, shape_.Window(layer));
  return dense_tiles_[span_idx * windows_.size() + static_cast<size_t>(window - windows_.begin())];
}

void AttentionBatch::ReserveRows(int rows) {
  if (rows <= rows_capacity_) return;
  // The counters are zero between steps: whoever counts the last one sets it back.
  parts_done_ = std::make_unique<std::atomic<int>[]>(RowHead(rows, 0));
  rows_capacity_ = rows;
}

void AttentionBatch::Append(int layer, const float* keys, const float* values, Worker worker) {
  if (worker.index == 0) {
    next_attend_ = 0;
    selector_.BeginLayer(layer);
    spans_.front().cache->pages().pool()->EnterLayer(layer, shape_.num_layers);
  }
  PinnedPages& pages = scratch_[static_cast<size_t>(worker.index)].pages;
  const int kv_heads = shape_.KvHeads(layer);
  const int64_t stride = int64_t{kv_heads} * shape_.head_dim;
  const int64_t value_stride = int64_t{kv_heads} * shape_.value_dim;
  int item = 0;
  for (const Span& span : spans_) {
    for (int head = 0; head < kv_heads; ++head, ++item) {
      if (item % worker.count != worker.index) continue;
      const int64_t first = span.cache->size();
      pages.Reset(span.cache->pages(), layer, head);
      if (!error_.ok() || !error_.Set(pages.PinToWrite({first, first + span.rows}))) continue;
      AppendRows(
          {.keys = keys + span.first_row * stride + int64_t{head} * shape_.head_dim,
           .values = values + span.first_row * value_stride + int64_t{head} * shape_.value_dim,
           .row_stride = stride,
           .first_token = first,
           .rows = span.rows,
           .head_dim = shape_.head_dim,
           .key_pages = pages.keys(),
           .value_pages = pages.values(),
           .type = span.cache->pages().pool()->types().hot,
           .value_dim = shape_.value_dim,
           .value_row_stride = value_stride});
    }
  }
  pages.Release();
}

template <typename Fn>
void AttentionBatch::ForEachItem(int layer, const Fn& fn) {
  int slot = 0;
  for (size_t s = 0; s < spans_.size(); ++s) {
    const Span& span = spans_[s];
    for (int head = 0; head < shape_.KvHeads(layer); ++head) {
      const bool selects = selector_.Selects(span, {layer, head});
      if (!selects && span.rows > 1) {
        ForEachBlock(span, head, fn);
        continue;
      }
      for (int row = span.first_row; row < span.first_row + span.rows; ++row) {
        const RowChoice* choice = selects ? &selector_.choice(row, head) : nullptr;
        Item item = {.span = &span, .first_row = row, .kv_head = head, .slot = slot};
        if (choice != nullptr && choice->by_token) {
          item.tokens = &choice->tokens;
        } else {
          item.tiles = choice != nullptr ? &choice->tiles : &DenseTiles(s, layer);
        }
        const int64_t tokens =
            choice != nullptr ? choice->num_tokens : NumSeen(layer, first_positions_[s]);
        item.num_parts = NumParts(span.rows, tokens);
        for (; item.part < item.num_parts; ++item.part) fn(item);
        slot += item.num_parts;
      }
    }
  }
}

// Of a head whose rows are all dense, or joint.
template <typename Fn>
void AttentionBatch::ForEachBlock(const Span& span, int kv_head, const Fn& fn) {
  const int blocks = (span.rows + kMaxQueryRows - 1) / kMaxQueryRows;
  for (int b = blocks; b-- > 0;) {  // the longest rows first
    const int first = b * kMaxQueryRows;
    fn(Item{.span = &span,
            .first_row = span.first_row + first,
            .rows = std::min(kMaxQueryRows, span.rows - first),
            .kv_head = kv_head});
  }
}

void AttentionBatch::Attend(int layer, const float* queries, float* outputs, Worker worker) {
  Claims claims(&next_attend_);
  ForEachItem(layer, [&](const Item& item) {
    if (!claims.IsMine()) return;
    if (item.tiles == nullptr && item.tokens == nullptr) {
      AttendBlock(item, layer, queries, outputs, worker);
    } else {
      AttendPart(item, layer, queries, outputs, &scratch_[static_cast<size_t>(worker.index)].pages);
    }
  });
}

void AttentionBatch::AttendBlock(const Item& item, int layer, const float* queries, float* outputs,
                                 Worker worker) {
  const int64_t head_row =
      int64_t{item.first_row} * shape_.num_heads + int64_t{item.kv_head} * shape_.GroupHeads(layer);
  const SemanticCache& cache = *item.span->cache;
  const int first = item.first_row - item.span->first_row;
  // Everything, or from the page on in which the window of the first row begins.
  JointChoice choice = {.dense_start = shape_.FirstSeen(layer, cache.size() + first) / kPageTokens *
                                       kPageTokens};
  if (joint_selector_.Selects(*item.span, {layer, item.kv_head})) {
    choice = joint_selector_.Choose({item.span, first, item.rows, {layer, item.kv_head}}, queries,
                                    worker);
  }
  CausalAttentionArgs args = {.queries = queries + head_row * shape_.head_dim,
                              .query_row_stride = int64_t{shape_.num_heads} * shape_.head_dim,
                              .rows = item.rows,
                              .group_heads = shape_.GroupHeads(layer),
                              .scale = shape_.Scale(),
                              .score_cap = shape_.score_cap,
                              .first_position = cache.size() + first,
                              .dense_start = choice.dense_start,
                              .window = shape_.Window(layer),
                              .earlier = choice.earlier.data(),
                              .num_earlier = static_cast<int>(choice.earlier.size()),
                              .kv = {},
                              .outputs = outputs + head_row * shape_.value_dim,
                              .output_row_stride = int64_t{shape_.num_heads} * shape_.value_dim,
                              .lse = &lse_[static_cast<size_t>(head_row)],
                              .lse_row_stride = shape_.num_heads};
  AttendCausally(cache.pages(), {layer, item.kv_head}, &args, worker);
  KeepQueries(item, layer, queries);
}

// A few pages at a time: memory for those of a whole context may not be there.
void AttentionBatch::AttendCausally(const PageTable& table, LayerHead head,
                                    CausalAttentionArgs* args, Worker worker) {
  Scratch& scratch = scratch_[static_cast<size_t>(worker.index)];
  const auto pin = [&](std::span<const TokenRange> ranges) {
    if (!error_.ok()) return false;
    scratch.pages.Reset(table, head.layer, head.kv_head);
    args->kv = scratch.pages.view();
    for (const TokenRange& range : ranges) {
      if (!error_.Set(scratch.pages.Pin(KvPart::kKeys, range))) return false;
      if (!error_.Set(scratch.pages.Pin(KvPart::kValues, range))) return false;
    }
    return true;
  };
  bool pinned = pin({});
  if (pinned) CausalAttentionStart(*args, scratch.floats.data());
  std::span<const TokenRange> earlier = {args->earlier, static_cast<size_t>(args->num_earlier)};
  for (int64_t at = 0; pinned && NextEarlier(&earlier, &at, &scratch.ranges);) {
    args->earlier = scratch.ranges.data();
    args->num_earlier = static_cast<int>(scratch.ranges.size());
    pinned = pin(scratch.ranges);
    if (pinned) CausalAttentionAddEarlier(*args, scratch.floats.data());
  }
  const TokenRange dense = DenseKeys(*args);
  for (int64_t token = dense.start; pinned && token < dense.end; token += kPinnedTokens) {
    const TokenRange some = {token, std::min(dense.end, token + kPinnedTokens)};
    pinned = pin({&some, 1});
    if (pinned) CausalAttentionAdd(*args, some, scratch.floats.data());
  }
  scratch.pages.Release();
  if (pinned) CausalAttentionFinish(*args, scratch.floats.data());
}

void AttentionBatch::KeepQueries(const Item& item, int layer, const float* queries) {
  votes_.KeepQueries({layer, queries, lse_.data()}, static_cast<size_t>(item.span - spans_.data()),
                     {item.first_row, item.first_row + item.rows}, item.kv_head);
}

void AttentionBatch::AttendPart(const Item& item, int layer, const float* queries, float* outputs,
                                PinnedPages* pages) {
  const size_t state = static_cast<size_t>(item.slot + item.part) * shape_.GroupHeads(layer);
  pages->Reset(item.span->cache->pages(), layer, item.kv_head);
  if (error_.ok()) {
    error_.Set(item.tokens != nullptr ? AttendTokens(item, layer, state, pages)
                                      : AttendTiles(item, layer, queries, state, pages));
  }
  pages->Release();
  if (IsLastDone(parts_done_[RowHead(item.first_row, item.kv_head)], item.num_parts)) {
    MergeParts(item, layer, queries, outputs);
  }
}

Status AttentionBatch::AttendTiles(const Item& item, int layer, const float* queries, size_t state,
                                   PinnedPages* pages) {
  const int64_t head =
      int64_t{item.first_row} * shape_.num_heads + int64_t{item.kv_head} * shape_.GroupHeads(layer);
  const TokenRange part =
      PartOf(static_cast<int64_t>(item.tiles->size()), item.part, item.num_parts);
  for (int64_t i = part.start; pages->moves() && i < part.end; ++i) {
    const Tile& tile = (*item.tiles)[static_cast<size_t>(i)];
    const TokenRange tokens = {tile.start, tile.start + tile.rows};
    DYNSPLIT_RETURN_IF_ERROR(pages->Pin(KvPart::kKeys, tokens));
    DYNSPLIT_RETURN_IF_ERROR(pages->Pin(KvPart::kValues, tokens));
  }
  TileAttention({.queries = queries + head * shape_.head_dim,
                 .group_heads = shape_.GroupHeads(layer),
                 .scale = shape_.Scale(),
                 .score_cap = shape_.score_cap,
                 .kv = pages->view(),
                 .tiles = item.tiles->data() + part.start,
                 .num_tiles = static_cast<int>(part.end - part.start)},
                &part_states_[state], &part_outputs_[state * shape_.value_dim]);
  return {};
}

Status AttentionBatch::AttendTokens(const Item& item, int layer, size_t state, PinnedPages* pages) {
  const auto num_tokens = static_cast<int64_t>(item.tokens->tokens.size());
  const TokenRange part = PartOf(num_tokens, item.part, item.num_parts);
  const auto tokens =
      std::span(item.tokens->tokens)
          .subspan(static_cast<size_t>(part.start), static_cast<size_t>(part.end - part.start));
  DYNSPLIT_RETURN_IF_ERROR(pages->Pin(KvPart::kValues, tokens));
  TokenAttention({.scores = item.tokens->scores.data() + part.start,
                  .score_stride = num_tokens,
                  .group_heads = shape_.GroupHeads(layer),
                  .kv = pages->view(),
                  .tokens = tokens.data(),
                  .num_tokens = part.end - part.start},
                 &part_states_[state], &part_outputs_[state * shape_.value_dim]);
  return {};
}

void AttentionBatch::MergeParts(const Item& item, int layer, const float* queries, float* outputs) {
  const int group = shape_.GroupHeads(layer);
  for (int j = 0; j < group; ++j) {
    const size_t state = static_cast<size_t>(item.slot) * group + j;
    const size_t head =
        static_cast<size_t>(item.first_row) * shape_.num_heads + item.kv_head * group + j;
    const SoftmaxState merged =
        MergeSoftmax(&part_states_[state], &part_outputs_[state * shape_.value_dim], item.num_parts,
                     group, shape_.value_dim, outputs + head * shape_.value_dim);
    // Nobody asks for that of a row that selects.
    if (item.span->attention != Attention::kSelected) lse_[head] = merged.LogSumExp();
  }
  KeepQueries(item, layer, queries);
}

void AttentionBatch::Observe(int layer, const float* queries, Worker worker) {
  if (IsSampled(layer)) ObserveLocal(layer, queries, worker);
  votes_.Count({layer, queries, lse_.data()}, worker);
}

void AttentionBatch::ObserveLocal(int layer, const float* queries, Worker worker) {
  const int rows = spans_.back().first_row + spans_.back().rows;
  const int begin = static_cast<int>(int64_t{rows} * worker.index / worker.count);
  const int end = static_cast<int>(int64_t{rows} * (worker.index + 1) / worker.count);
  PinnedPages& pages = scratch_[static_cast<size_t>(worker.index)].pages;
  for (const Span& span : spans_) {
    // A row that selected knows the log-sum-exp of what it attended to, not of all keys.
    if (span.attention == Attention::kSelected) continue;
    for (int row = std::max(begin, span.first_row); row < std::min(end, span.first_row + span.rows);
         ++row) {
      for (int head = 0; head < shape_.KvHeads(layer); ++head) {
        const int64_t first =
            int64_t{row} * shape_.num_heads + int64_t{head} * shape_.GroupHeads(layer);
        const int64_t position = span.cache->size() + row - span.first_row;
        const int window = observation_.mass_row() - 1;
        pages.Reset(span.cache->pages(), layer, head);
        const TokenRange sink = {0, std::min<int64_t>(kObservedSink, position + 1)};
        const TokenRange near = {std::max<int64_t>(0, position + 1 - window), position + 1};
        if (!error_.Set(pages.Pin(KvPart::kKeys, sink))) continue;
        if (!error_.Set(pages.Pin(KvPart::kKeys, near))) continue;
        LocalMass({.queries = queries + first * shape_.head_dim,
                   .lse = &lse_[static_cast<size_t>(first)],
                   .group_heads = shape_.GroupHeads(layer),
                   .scale = shape_.Scale(),
                   .score_cap = shape_.score_cap,
                   .kv = pages.view(),
                   .position = position,
                   .sink = kObservedSink,
                   .window = window},
                  &mass_[static_cast<size_t>(row) * observation_.mass_row()]);
      }
    }
  }
  pages.Release();
}

Observed AttentionBatch::ObservedOf(size_t span_idx) const {
  const Span& span = spans_[span_idx];
  if (span.attention == Attention::kSelected) return {};
  const size_t mass_row = static_cast<size_t>(observation_.mass_row());
  return {.mass = mass_.span().subspan(static_cast<size_t>(span.first_row) * mass_row,
                                       static_cast<size_t>(span.rows) * mass_row),
          .heads = observed_heads(),
          .joint = span.attention == Attention::kJoint,
          .window = votes_.window(span_idx),
          .votes = votes_.votes(span_idx)};
}

int64_t AttentionBatch::AttendedTokens(size_t span_idx) const {
  const Span& span = spans_[span_idx];
  int64_t dense = 0;
  for (int layer = 0; layer < shape_.num_layers; ++layer) {
    const int heads = shape_.KvHeads(layer) - selector_.NumSelecting(span, layer);
    for (int row = 0; row < span.rows; ++row) {
      dense += heads * NumSeen(layer, first_positions_[span_idx] + row);
    }
  }
  return dense + selector_.attended_tokens(span_idx);
}

}  // namespace dynsplit
