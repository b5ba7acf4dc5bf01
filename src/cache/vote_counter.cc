#include "cache/vote_counter.h"

#include <algorithm>

#include "cache/semantic_cache.h"
#include "kernels/causal_attention.h"
#include "kernels/column_mass.h"
#include "store/pinned_pages.h"

namespace dynsplit {
namespace {

// Keys whose votes one worker counts: a few of these for each KV head keep all busy, and what is
// read again for each block of rows (128 KiB at head_dim 128) stays in the cache.
constexpr int64_t kVotedKeys = 512;

}  // namespace

void VoteCounter::Begin(std::span<const Span> spans) {
  spans_.assign(spans.begin(), spans.end());
  windows_.resize(spans.size());
  spares_.resize(spans.size());
  votes_.assign(spans.size(), nullptr);
  counts_all_ = false;
  for (size_t s = 0; s < spans.size(); ++s) {
    if (windows_[s] != nullptr) windows_[s].swap(spares_[s]);
    if (spans[s].attention != Attention::kDense) {
      windows_[s] = nullptr;
      continue;
    }
    const SemanticCache& cache = *spans[s].cache;
    const int64_t rows = spans[s].rows;
    if (windows_[s] != nullptr && windows_[s].use_count() == 1) {
      windows_[s]->Restart(cache.window(), cache.size(), rows);
    } else {
      windows_[s] = std::make_shared<QueryWindow>(shape_, cache.window(), cache.size(), rows);
    }
    if (cache.method().policy != Policy::kH2o) continue;
    votes_[s] = std::make_shared<TokenVotes>(shape_, cache.votes(), cache.size() + rows);
    counts_all_ = true;
  }
}

void VoteCounter::KeepQueries(const LayerRows& layer, size_t span_idx, TokenRange rows,
                              int kv_head) {
  QueryWindow* window = windows_[span_idx].get();
  if (window == nullptr || !shape_.IsGlobal(layer.layer)) return;
  const Span& span = spans_[span_idx];
  const int64_t position_of_row_0 = span.cache->size() - span.first_row;
  for (int64_t row = std::max(rows.start, window->begin() - position_of_row_0); row < rows.end;
       ++row) {
    const int64_t head = row * shape_.num_heads + int64_t{kv_head} * shape_.GroupHeads(layer.layer);
    window->Set(layer.layer, position_of_row_0 + row, kv_head,
                layer.queries + head * shape_.head_dim, layer.lse + head);
  }
}

void VoteCounter::Count(const LayerRows& layer, Worker worker) {
  if (!shape_.IsGlobal(layer.layer)) return;
  int item = 0;
  for (size_t s = 0; s < spans_.size(); ++s) {
    if (votes_[s] == nullptr) continue;
    const int64_t tokens = votes_[s]->tokens();
    for (int head = 0; head < shape_.KvHeads(layer.layer); ++head) {
      for (int64_t key = 0; key < tokens; key += kVotedKeys, ++item) {
        if (item % worker.count != worker.index) continue;
        CountFor(layer, s, head, {key, std::min(key + kVotedKeys, tokens)});
      }
    }
  }
}

void VoteCounter::CountFor(const LayerRows& layer, size_t span_idx, int kv_head, TokenRange keys) {
  const Span& span = spans_[span_idx];
  PinnedPages pages(span.cache->pages(), layer.layer, kv_head);
  if (!error_.Set(pages.Pin(KvPart::kKeys, keys))) return;
  for (int first = 0; first < span.rows; first += kMaxQueryRows) {
    const int64_t head = int64_t{span.first_row + first} * shape_.num_heads +
                         int64_t{kv_head} * shape_.GroupHeads(layer.layer);
    ColumnMass({.queries = layer.queries + head * shape_.head_dim,
                .query_row_stride = int64_t{shape_.num_heads} * shape_.head_dim,
                .lse = layer.lse + head,
                .lse_row_stride = shape_.num_heads,
                .rows = std::min(kMaxQueryRows, span.rows - first),
                .group_heads = shape_.GroupHeads(layer.layer),
                .scale = shape_.Scale(),
                .score_cap = shape_.score_cap,
                .first_position = span.cache->size() + first,
                .kv = pages.view(),
                .keys = keys},
               votes_[span_idx]->Of(layer.layer, kv_head) + keys.start);
  }
}

}  // namespace dynsplit
