// Votes of queries for tokens, by which SnapKV (arXiv 2404.14469) and H2O (arXiv 2306.14048) decide
// what they keep: the attention mass that a token receives in a layer, added up over the heads of a
// KV head and over query rows. H2O asks every row, SnapKV the last ones of what was read.
//
// Both classes are filled within one pass and never changed after its commit, so forks share them
// and a pass that is given up leaves no trace. They hold global layers (CacheShape) only.
#pragma once

#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/archive.h"
#include "store/cache_shape.h"
#include "store/page_table.h"

namespace dynsplit {

inline constexpr int kVoteWindow = 32;  // SnapKV's observation window, in query rows

// The queries of the last rows that were read, with their log-sum-exps. 4 * num_heads *
// (head_dim + 1) bytes per layer and row: 2.2 MB for SmolLM2-135M, 5.5 MB for Qwen2.5-1.5B.
class QueryWindow {
 public:
  // For a pass that reads rows [first, first + rows): room for the last kVoteWindow rows of it and,
  // where it has fewer, what `before` (may be null) holds of the rows just before.
  QueryWindow(const CacheShape& shape, const QueryWindow* before, int64_t first, int64_t rows);
  // Becomes such a window without new memory, where nobody else holds this one. `before` is
  // another.
  void Restart(const QueryWindow* before, int64_t first, int64_t rows);

  size_t bytes() const { return queries_.span().size_bytes() + lse_.span().size_bytes(); }
  int64_t begin() const { return begin_; }  // positions [begin, end)
  int64_t end() const { return end_; }
  // [end - begin, num_heads, head_dim] and [end - begin, num_heads]; as unscaled and after RoPE as
  // they come.
  const float* Queries(int layer) const {
    return queries_.data() + shape_.GlobalIdx(layer) * LayerFloats();
  }
  const float* Lse(int layer) const {
    return lse_.data() + LseOffset(shape_.GlobalIdx(layer), begin_, 0);
  }

  // In one record with what is around it. Load: Corruption for a window that cannot be.
  void Save(ArchiveWriter* archive) const;
  static Result<QueryWindow> Load(const CacheShape& shape, ArchiveReader* archive);

  // Copies the group of heads of one KV head at `position`, which is one of the window's.
  void Set(int layer, int64_t position, int kv_head, const float* queries, const float* lse);

 private:
  int64_t LayerFloats() const {
    return (end_ - begin_) * int64_t{shape_.num_heads} * shape_.head_dim;
  }
  int64_t LseOffset(int global_idx, int64_t position, int head) const {
    return (global_idx * (end_ - begin_) + position - begin_) * shape_.num_heads + head;
  }

  CacheShape shape_;
  int64_t begin_ = 0;
  int64_t end_ = 0;
  AlignedBuffer<float> queries_;  // [global layers, end - begin, num_heads, head_dim]
  AlignedBuffer<float> lse_;      // [global layers, end - begin, num_heads]
};

// The votes themselves, f32: 4 * global layers * kv_heads bytes per token, about 1 % of its keys
// and values.
class TokenVotes {
 public:
  // Those of `before` (may be null), and none yet for the tokens after them.
  TokenVotes(const CacheShape& shape, const TokenVotes* before, int64_t tokens);

  // Of `tokens` tokens, in one record with what is around it.
  void Save(ArchiveWriter* archive) const { archive->PutAll(votes_.span()); }
  void Load(ArchiveReader* archive) { archive->GetAll(votes_.span()); }

  int64_t tokens() const { return tokens_; }
  const float* Of(int layer, int kv_head) const { return votes_.data() + Offset(layer, kv_head); }
  float* Of(int layer, int kv_head) { return votes_.data() + Offset(layer, kv_head); }

 private:
  int64_t Offset(int layer, int kv_head) const {
    return (int64_t{shape_.GlobalIdx(layer)} * shape_.kv_heads + kv_head) * tokens_;
  }

  CacheShape shape_;
  int64_t tokens_;
  AlignedBuffer<float> votes_;  // [global layers, kv_heads, tokens]
};

// The window's votes for the first `tokens` tokens, by exact attention over all keys that each row
// sees; none for tokens behind the window. Cost: O(kVoteWindow * num_heads * tokens * head_dim) per
// layer, shared by `threads`.
// Pager::Pin's errors.
Result<TokenVotes> WindowVotes(const CacheShape& shape, const QueryWindow& window,
                               const PageTable& table, int64_t tokens, int threads);

}  // namespace dynsplit
