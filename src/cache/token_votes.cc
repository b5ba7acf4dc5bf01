#include "cache/token_votes.h"

#include <algorithm>

#include "base/check.h"
#include "base/first_error.h"
#include "base/parallel_for.h"
#include "kernels/column_mass.h"
#include "store/pinned_pages.h"

namespace dynsplit {
namespace {

// Keys whose votes are counted before their pages may move again.
constexpr int64_t kPinnedTokens = 4096;

}  // namespace

QueryWindow::QueryWindow(const CacheShape& shape, const QueryWindow* before, int64_t first,
                         int64_t rows)
    : shape_(shape) {
  Restart(before, first, rows);
}

void QueryWindow::Restart(const QueryWindow* before, int64_t first, int64_t rows) {
  DYNSPLIT_CHECK(rows > 0 && before != this);
  end_ = first + rows;
  begin_ = end_ - std::min<int64_t>(rows, kVoteWindow);
  const bool joins = before != nullptr && before->end_ == first;
  if (joins) begin_ = std::min(begin_, std::max(before->begin_, end_ - kVoteWindow));
  const std::vector<int> layers = shape_.GlobalLayers();
  const auto num_layers = static_cast<int>(layers.size());
  queries_.Resize(static_cast<size_t>(num_layers * LayerFloats()));
  lse_.Resize(static_cast<size_t>(LseOffset(num_layers, begin_, 0)));
  for (int64_t position = begin_; joins && position < before->end_; ++position) {
    for (const int layer : layers) {
      const int64_t row = (position - before->begin_) * shape_.num_heads;
      for (int g = 0; g < shape_.KvHeads(layer); ++g) {
        const int64_t head = row + int64_t{g} * shape_.GroupHeads(layer);
        Set(layer, position, g, before->Queries(layer) + head * shape_.head_dim,
            before->Lse(layer) + head);
      }
    }
  }
}

void QueryWindow::Set(int layer, int64_t position, int kv_head, const float* queries,
                      const float* lse) {
  DYNSPLIT_DCHECK(position >= begin_ && position < end_);
  const int64_t heads = shape_.GroupHeads(layer);
  const int64_t to =
      LseOffset(shape_.GlobalIdx(layer), position, static_cast<int>(kv_head * heads));
  std::copy_n(queries, heads * shape_.head_dim, queries_.data() + to * shape_.head_dim);
  std::copy_n(lse, heads, lse_.data() + to);
}

void QueryWindow::Save(ArchiveWriter* archive) const {
  archive->Put(begin_);
  archive->Put(end_);
  archive->PutAll(queries_.span());
  archive->PutAll(lse_.span());
}

Result<QueryWindow> QueryWindow::Load(const CacheShape& shape, ArchiveReader* archive) {
  const auto begin = archive->Get<int64_t>(), end = archive->Get<int64_t>();
  if (begin < 0 || end <= begin || end - begin > kVoteWindow) {
    return archive->Wrong("no window of queries has tokens " + std::to_string(begin) + " to " +
                          std::to_string(end));
  }
  QueryWindow window(shape, nullptr, begin, end - begin);
  archive->GetAll(window.queries_.span());
  archive->GetAll(window.lse_.span());
  return window;
}

TokenVotes::TokenVotes(const CacheShape& shape, const TokenVotes* before, int64_t tokens)
    : shape_(shape), tokens_(tokens) {
  const int64_t held = before == nullptr ? 0 : before->tokens_;
  DYNSPLIT_CHECK(held <= tokens);
  votes_.Resize(static_cast<size_t>(Offset(shape.num_layers, 0)));
  for (const int layer : shape.GlobalLayers()) {
    for (int g = 0; g < shape.kv_heads; ++g) {
      if (held > 0) std::copy_n(before->Of(layer, g), held, Of(layer, g));
      std::fill_n(Of(layer, g) + held, tokens - held, 0.0f);
    }
  }
}

Result<TokenVotes> WindowVotes(const CacheShape& shape, const QueryWindow& window,
                               const PageTable& table, int64_t tokens, int threads) {
  TokenVotes votes(shape, nullptr, tokens);
  FirstError error;
  const int64_t row = int64_t{shape.num_heads} * shape.head_dim;
  const std::vector<int> layers = shape.GlobalLayers();
  ParallelFor(threads, static_cast<int>(layers.size()) * shape.kv_heads, [&](int item) {
    const int layer = layers[static_cast<size_t>(item / shape.kv_heads)];
    const int g = item % shape.kv_heads;
    if (g >= shape.KvHeads(layer)) return;
    const int64_t head = int64_t{g} * shape.GroupHeads(layer);
    PinnedPages pages;
    for (int64_t key = 0; key < tokens && error.ok(); key += kPinnedTokens) {
      const TokenRange keys = {key, std::min(tokens, key + kPinnedTokens)};
      pages.Reset(table, layer, g);
      if (!error.Set(pages.Pin(KvPart::kKeys, keys))) return;
      ColumnMass({.queries = window.Queries(layer) + head * shape.head_dim,
                  .query_row_stride = row,
                  .lse = window.Lse(layer) + head,
                  .lse_row_stride = shape.num_heads,
                  .rows = static_cast<int>(window.end() - window.begin()),
                  .group_heads = shape.GroupHeads(layer),
                  .scale = shape.Scale(),
                  .score_cap = shape.score_cap,
                  .first_position = window.begin(),
                  .kv = pages.view(),
                  .keys = keys},
                 votes.Of(layer, g) + key);
    }
  });
  if (!error.ok()) return error.status();
  return votes;
}

}  // namespace dynsplit
