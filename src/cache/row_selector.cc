#include "cache/row_selector.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "cache/block_counter.h"
#include "cache/claims.h"
#include "split/tile_map.h"

namespace dynsplit {
namespace {

// A part of a row's keys that one worker takes: long enough that merging costs little, short
// enough that two or more workers share one decoded token.
constexpr int64_t kPartTokens = 256;
constexpr int kMaxParts = 16;

// Spans of more rows than this have work enough for all threads without parts.
constexpr int kMaxRowsInParts = 32;

// Keys that are scored before their pages may move again.
constexpr int64_t kPinnedTokens = 512;

// A pass with as many rows and KV heads for each worker needs no parts: their buffers, one set for
// each row and KV head, would hold some 30 bytes for every token of the context.
constexpr int kSharedPerWorker = 4;

// Summaries cost about a quarter of what keys do.
constexpr int64_t kPartBlocks = 512;
constexpr int64_t kPartGroups = 512;

// Steps that reuse blocks look at the best of them: as many tokens as were chosen, and so many
// more (64 lose more: docs/evaluation.md, "For how many steps").
constexpr int64_t kReusedTokens = 256;

// The sink is a block of its own.
int64_t FirstBlock(const Method& method) { return method.sink > 0 ? 1 : 0; }

}  // namespace

int NumParts(int rows, int64_t tokens) {
  if (rows > kMaxRowsInParts) return 1;
  const int64_t to_share = std::clamp<int64_t>(tokens / kPartTokens, 1, kMaxParts);
  const int64_t to_fit = rows == 1 ? (tokens + kMostPartTokens - 1) / kMostPartTokens : 1;
  return static_cast<int>(std::max(to_share, to_fit));
}

TokenRange PartOf(int64_t count, int part, int num_parts) {
  return {count * part / num_parts, count * (part + 1) / num_parts};
}

namespace {

// Which of `entries` of an index, so many in a chunk, a part takes, counted from the first of them:
// those of whole chunks, for which queries are prepared once then.
TokenRange PartInChunks(TokenRange entries, int64_t in_chunk, int part, int num_parts) {
  const int64_t chunks = (entries.end + in_chunk - 1) / in_chunk;
  const TokenRange part_chunks = PartOf(chunks, part, num_parts);
  const auto entry = [&](int64_t chunk) {
    return std::clamp(chunk * in_chunk, entries.start, entries.end) - entries.start;
  };
  return {entry(part_chunks.start), entry(part_chunks.end)};
}

}  // namespace

RowSelector::RowSelector(const CacheShape& shape, int max_workers, FirstError* error)
    : shape_(shape), error_(*error), scratch_(static_cast<size_t>(max_workers)) {}

void RowSelector::Begin(std::span<const Span> spans) {
  spans_ = spans;
  const int rows = spans.empty() ? 0 : spans.back().first_row + spans.back().rows;
  const size_t most_shared = scratch_.size() > 1 ? kSharedPerWorker * scratch_.size() : 0;
  shares_rows_ = RowHead(rows, 0) < most_shared;
  Reserve(rows);
  for (size_t s = 0; s < spans_.size(); ++s) {
    totals_[s].attended_tokens = 0;
    totals_[s].chosen_blocks = 0;
  }
  for (size_t s = 0; s < spans_.size(); ++s) {
    const Span& span = spans_[s];
    for (int row = 0; row < span.rows && span.attention == Attention::kSelected; ++row) {
      plans_[static_cast<size_t>(span.first_row + row)] = PlanOf(span, row);
    }
  }
}

RowSelector::RowPlan RowSelector::PlanOf(const Span& span, int idx) const {
  const SemanticCache& cache = *span.cache;
  const Method& method = cache.method();
  if (cache.kept() != nullptr) return {};
  const int64_t position = cache.size() + idx;
  const int64_t oldest_recent = std::max<int64_t>(0, position + 1 - method.recent);
  RowPlan plan;
  plan.end_block = cache.BlocksBefore(oldest_recent);
  plan.recent_start = oldest_recent;
  if (method.policy != Policy::kRecent) {
    const auto finished = static_cast<size_t>(plan.end_block);
    plan.recent_start = finished > 0 ? cache.blocks()[finished - 1].end() : 0;
  }
  // What has left `recent` but is in no finished block yet is attended to as well, and counts
  // against the budget.
  const int64_t unfinished = oldest_recent - plan.recent_start;
  plan.budget_tokens = std::max<int64_t>(0, method.budget.TokensAt(position + 1) - unfinished);
  const bool by_token = ChoosesTokens(method) && FirstBlock(method) < plan.end_block;
  plan.shared = shares_rows_ && by_token;
  const LookLists* looks = by_token && span.rows == 1 ? cache.looks() : nullptr;
  plan.may_reuse =
      looks != nullptr && looks->position() < position && looks->num_blocks() <= plan.end_block;
  return plan;
}

bool RowSelector::Reuses(const Row& row, const SelectInput& input) const {
  if (!Plan(row).may_reuse) return false;
  const Method& method = SpanOf(row).cache->method();
  return Looks(row)->Serves(row.head, Queries(input), method.cosine);
}

void RowSelector::Reserve(int rows) {
  if (shares_rows_ && selections_.size() < RowHead(rows, 0)) selections_.resize(RowHead(rows, 0));
  if (rows <= rows_capacity_) return;
  works_ = std::make_unique<PhasedWork[]>(RowHead(rows, 0));
  // The counters are zero between steps: whoever counts the last one sets it back.
  heads_done_ = std::make_unique<std::atomic<int>[]>(static_cast<size_t>(rows));
  totals_ = std::make_unique<Totals[]>(static_cast<size_t>(rows));
  choices_.resize(RowHead(rows, 0));
  plans_.resize(static_cast<size_t>(rows));
  rows_capacity_ = rows;
}

void RowSelector::BeginLayer(int layer) {
  next_alone_ = 0;
  shared_.clear();
  ForEachRow(layer, [&](const Row& row) {
    if (!Plan(row).shared) return;
    shared_.push_back(row);
    OpenPhase(row, kBegin);
  });
}

bool RowSelector::Selects(const Span& span, LayerHead head) const {
  const Method& method = span.cache->method();
  return span.attention == Attention::kSelected && method.policy != Policy::kAll &&
         shape_.IsGlobal(head.layer) && !method.AttendsToAll(head);
}

int RowSelector::NumSelecting(const Span& span, int layer) const {
  int count = 0;
  for (int head = 0; head < shape_.KvHeads(layer); ++head)
    count += Selects(span, {layer, head}) ? 1 : 0;
  return count;
}

template <typename Fn>
void RowSelector::ForEachRow(int layer, const Fn& fn) const {
  for (size_t s = 0; s < spans_.size(); ++s) {
    for (int head = 0; head < shape_.KvHeads(layer); ++head) {
      if (!Selects(spans_[s], {layer, head})) continue;
      for (int row = 0; row < spans_[s].rows; ++row) fn(Row{s, row, {layer, head}});
    }
  }
}

void RowSelector::Select(int layer, const float* queries, Worker worker) {
  Scratch* scratch = &scratch_[static_cast<size_t>(worker.index)];
  Claims claims(&next_alone_);
  ForEachRow(layer, [&](const Row& row) {
    if (!Plan(row).shared && claims.IsMine()) SelectAlone(row, queries, scratch);
  });
  const auto ended = [&](const Row& row) { return works_[RowHead(row)].ended(); };
  while (!std::ranges::all_of(shared_, ended)) {
    // Some microseconds, but where others read keys from a file.
    if (!DoPart(queries, &scratch->pages)) std::this_thread::yield();
  }
}

bool RowSelector::DoPart(const float* queries, PinnedPages* pages) {
  for (const Row& row : shared_) {
    PhasedWork& work = works_[RowHead(row)];
    const std::optional<PhasedWork::Part> part = work.Claim();
    if (!part) continue;
    const SelectInput input = InputOf(row, queries);
    ScorePart(row, input, *part, pages);
    if (work.IsLast(*part)) EndPhase(row, input, part->phase);
    return true;
  }
  return false;
}

void RowSelector::ScorePart(const Row& row, const SelectInput& input, const PhasedWork::Part& part,
                            PinnedPages* pages) {
  TokenSelection& selection = selections_[RowHead(row)];
  if (part.phase == kSurvey) {
    const BlockSurvey& survey = selection.survey();
    const int64_t first = survey.first_group();
    selection.ScoreGroups(input, PartInChunks({first, first + survey.num_scored_groups()},
                                              survey.chunk_groups(), part.idx, part.count));
  } else if (part.phase == kScore) {
    // What a survey left lies here and there, and begins at no chunk.
    const int64_t first = selection.num_scored_groups() > 0 ? 0 : input.first_block;
    const TokenRange scored = {first, first + selection.num_scored_blocks()};
    selection.ScoreBlocks(input, PartInChunks(scored, kIndexChunkBlocks, part.idx, part.count));
  } else if (part.phase == kLook) {
    ScoreKeys(input, row, PartOf(selection.num_keys(), part.idx, part.count), &selection, pages);
  }
}

void RowSelector::EndPhase(const Row& row, const SelectInput& input, int phase) {
  TokenSelection& selection = selections_[RowHead(row)];
  const Method& method = SpanOf(row).cache->method();
  switch (phase) {
    case kBegin:
      if (Reuses(row, input)) {
        LookAgain(row, input, &selection);
        return OpenPhase(row, kLook);
      }
      selection.Begin(method, input);
      return OpenPhase(row, selection.num_scored_groups() > 0 ? kSurvey : kScore);
    case kSurvey:
      selection.FindBlocks(method, input);
      return OpenPhase(row, kScore);
    case kScore:
      selection.FindKeys(method, input);
      return OpenPhase(row, kLook);
    case kLook:
      Choose(row, input, &selection);
      Finish(row);
      works_[RowHead(row)].End();
  }
}

void RowSelector::OpenPhase(const Row& row, Phase phase) {
  works_[RowHead(row)].Open(phase, NumParts(row, phase));
}

int RowSelector::NumParts(const Row& row, Phase phase) const {
  const TokenSelection& selection = selections_[RowHead(row)];
  const auto parts = [](int64_t count, int64_t of_part) {
    return static_cast<int>(std::clamp<int64_t>(count / of_part, 1, kMaxParts));
  };
  switch (phase) {
    case kBegin:
      return 1;
    case kSurvey:
      return parts(selection.num_scored_groups(), kPartGroups);
    case kScore:
      return parts(selection.num_scored_blocks(), kPartBlocks);
    case kLook:
      break;
  }
  return dynsplit::NumParts(SpanOf(row).rows, selection.num_keys());
}

void RowSelector::Choose(const Row& row, const SelectInput& input, TokenSelection* selection) {
  const Method& method = SpanOf(row).cache->method();
  RowChoice& choice = choices_[RowHead(row)];
  choice.by_token = true;
  selection->Choose(method, input, &choice.tokens);
  CountBlocks(row, selection->num_candidates());
  Remember(row, input, selection);
}

// Keeps the best blocks for the steps that follow, unless they are those of a row before.
void RowSelector::Remember(const Row& row, const SelectInput& input,
                           TokenSelection* selection) const {
  LookLists* looks = Looks(row);
  if (looks == nullptr || Reuses(row, input)) return;
  selection->FindBestBlocks(input, selection->num_chosen() + kReusedTokens,
                            looks->Renew(row.head, Queries(input)));
}

void RowSelector::ScoreKeys(SelectInput input, const Row& row, TokenRange keys,
                            TokenSelection* selection, PinnedPages* pages) {
  const PageTable& table = SpanOf(row).cache->pages();
  for (int64_t key = keys.start; key < keys.end; key += kPinnedTokens) {
    const TokenRange some = {key, std::min(keys.end, key + kPinnedTokens)};
    pages->Reset(table, row.head.layer, row.head.kv_head);
    const auto tokens = selection->keys().subspan(static_cast<size_t>(some.start),
                                                  static_cast<size_t>(some.end - some.start));
    if (!error_.ok() || !error_.Set(pages->Pin(KvPart::kKeys, tokens))) break;
    input.kv = pages->view();
    selection->ScoreKeys(input, some);
  }
  pages->Release();
}

void RowSelector::SelectAlone(const Row& row, const float* queries, Scratch* scratch) {
  const SemanticCache& cache = *SpanOf(row).cache;
  const Method& method = cache.method();
  RowChoice& choice = choices_[RowHead(row)];
  scratch->ranges.clear();
  choice.by_token = false;
  if (cache.kept() != nullptr) {
    cache.kept()->AppendRanges(row.head.layer, row.head.kv_head, method, cache.size() + row.idx,
                               &scratch->ranges);
  } else {
    const SelectInput input = InputOf(row, queries);
    choice.by_token = ChoosesTokens(method) && input.first_block < input.end_block;
    if (choice.by_token) {
      TokenSelection& selection = scratch->tokens;
      if (Reuses(row, input)) {
        LookAgain(row, input, &selection);
      } else {
        selection.Find(method, input);
      }
      ScoreKeys(input, row, {0, selection.num_keys()}, &selection, &scratch->pages);
      Choose(row, input, &selection);
    } else {
      ChooseRanges(input, row, scratch);
    }
  }
  choice.tiles.clear();
  AppendTiles(scratch->ranges, kTileTokens, &choice.tiles);
  Finish(row);
}

SelectInput RowSelector::InputOf(const Row& row, const float* queries) const {
  const Span& span = SpanOf(row);
  const SemanticCache& cache = *span.cache;
  const Method& method = cache.method();
  const RowPlan& plan = Plan(row);
  const int64_t first_query = int64_t{span.first_row + row.idx} * shape_.num_heads +
                              int64_t{row.head.kv_head} * shape_.GroupHeads(row.head.layer);
  return {.queries = queries != nullptr ? queries + first_query * shape_.head_dim : nullptr,
          .group_heads = shape_.GroupHeads(row.head.layer),
          .scale = shape_.Scale(),
          .score_cap = shape_.score_cap,
          .layer = shape_.GlobalIdx(row.head.layer),
          .kv_head = row.head.kv_head,
          .position = cache.size() + row.idx,
          .index = &cache.index(),
          .blocks = cache.blocks(),
          .first_block = FirstBlock(method),
          .end_block = plan.end_block,
          .budget_tokens = plan.budget_tokens,
          .budget_mass = method.budget.mass,
          .seed = method.split.seed};
}

void RowSelector::ChooseRanges(SelectInput input, const Row& row, Scratch* scratch) {
  const SemanticCache& cache = *SpanOf(row).cache;
  const Method& method = cache.method();
  const int64_t recent_start = Plan(row).recent_start;
  PinnedPages& pages = scratch->pages;
  scratch->chosen.clear();
  if (method.policy != Policy::kRecent && input.end_block > input.first_block) {
    pages.Reset(cache.pages(), row.head.layer, row.head.kv_head);
    // Which of them it will read nobody knows before. The oracle's attention reads values too.
    const TokenRange all = {0, input.position + 1}, none = {};
    const bool is_oracle = method.policy == Policy::kOracle;
    if (error_.Set(pages.Pin(KvPart::kKeys, is_oracle || method.refine > 1 ? all : none)) &&
        error_.Set(pages.Pin(KvPart::kValues, is_oracle ? all : none))) {
      input.kv = pages.view();
      SelectBlocks(method, input, &scratch->select, &scratch->chosen);
    }
    pages.Release();
  }
  CountBlocks(row, static_cast<int64_t>(scratch->chosen.size()));
  AppendRange({0, std::min<int64_t>(method.sink, recent_start)}, &scratch->ranges);
  for (const int32_t c : scratch->chosen) {
    AppendRange({input.blocks[c].start, input.blocks[c].end()}, &scratch->ranges);
  }
  AppendRange({recent_start, input.position + 1}, &scratch->ranges);
}

void RowSelector::Finish(const Row& row) {
  RowChoice& choice = choices_[RowHead(row)];
  if (choice.by_token) {
    choice.tiles.clear();
    choice.num_tokens = static_cast<int64_t>(choice.tokens.tokens.size());
  } else {
    choice.num_tokens = 0;
    for (const Tile& tile : choice.tiles) choice.num_tokens += tile.rows;
  }
  totals_[row.span_idx].attended_tokens.fetch_add(choice.num_tokens, std::memory_order_relaxed);
  if (SpanOf(row).choices != nullptr && row.idx == SpanOf(row).rows - 1) Record(row);
  Pad(row);
}

void RowSelector::Record(const Row& row) const {
  const Span& span = SpanOf(row);
  const RowChoice& choice = choices_[RowHead(row)];
  HeadChoice& record =
      span.choices
          ->layers[static_cast<size_t>(row.head.layer)][static_cast<size_t>(row.head.kv_head)];
  record.all = false;
  record.attended_tokens = choice.num_tokens;
  BlockCounter counter(span.cache->blocks(), static_cast<size_t>(FirstBlock(span.cache->method())),
                       &record.blocks);
  if (choice.by_token) {
    for (const int32_t token : choice.tokens.tokens) counter.Add({token, token + 1});
  } else {
    for (const Tile& tile : choice.tiles) counter.Add({tile.start, tile.start + tile.rows});
  }
}

void RowSelector::Pad(const Row& row) {
  const Span& span = SpanOf(row);
  const int layer = row.head.layer;
  const int idx = span.first_row + row.idx;
  if (!IsLastDone(heads_done_[static_cast<size_t>(idx)], NumSelecting(span, layer))) return;
  // The last head of the row: all tables are there.
  size_t num_tiles = 0;
  for (int head = 0; head < shape_.KvHeads(layer); ++head) {
    if (Selects(span, {layer, head}))
      num_tiles = std::max(num_tiles, choice(idx, head).tiles.size());
  }
  for (int head = 0; head < shape_.KvHeads(layer); ++head) {
    if (Selects(span, {layer, head})) PadTiles(num_tiles, &choices_[RowHead(idx, head)].tiles);
  }
}

}  // namespace dynsplit
