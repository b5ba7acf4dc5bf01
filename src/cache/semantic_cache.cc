#include "cache/semantic_cache.h"

#include <algorithm>

#include "base/check.h"
#include "base/parallel_for.h"
#include "split/segmenter.h"

namespace dynsplit {
namespace {

// So many tokens leave `recent` before they are cut: cutting each one alone would cost more than
// attending to it a little longer.
constexpr int64_t kCutTokens = 64;

// Less than this many tokens are summarised faster by one thread than by several new ones.
constexpr int64_t kParallelTokens = 1024;

}  // namespace

SemanticCache::SemanticCache(const CacheShape& shape, const Method& method, PagePool* pool,
                             std::shared_ptr<const DelimiterTable> delimiters, int threads)
    : shape_(shape),
      threads_(threads),
      pages_(pool, shape.num_layers, shape.kv_heads, shape.head_dim),
      delimiters_(std::move(delimiters)),
      scorer_(kBoundaryWindow, kBoundaryRetained, kObservedSink) {
  SetMethod(method);
}

void SemanticCache::SetMethod(const Method& method) {
  method_ = method;
  importance_.reset();
  blocks_.clear();
  index_.emplace(IndexShape{.num_layers = shape_.num_layers,
                            .kv_heads = shape_.kv_heads,
                            .head_dim = shape_.head_dim,
                            .vectors = method.vectors,
                            .kind = method.summary});
}

Status SemanticCache::Begin(std::span<const int32_t> tokens, Attention attention) {
  DYNSPLIT_RETURN_IF_ERROR(pages_.Extend(size(), static_cast<int64_t>(tokens.size())));
  const bool needs_blocks = method_.policy == Policy::kTop || method_.policy == Policy::kRandom;
  if (attention == Attention::kSelected && needs_blocks) CutBlocks(size() - method_.recent);
  return {};
}

void SemanticCache::Commit(std::span<const int32_t> tokens, std::span<const float> mass,
                           int observed_heads) {
  DYNSPLIT_CHECK(mass.size() == tokens.size() * kMassRow);
  for (size_t i = 0; i < tokens.size(); ++i) {
    scorer_.AddRow(size(), mass.subspan(i * kMassRow, kMassRow), observed_heads);
    tokens_.push_back(tokens[i]);
  }
}

int64_t SemanticCache::BlocksBefore(int64_t token) const {
  return std::partition_point(blocks_.begin(), blocks_.end(),
                              [token](const Block& b) { return b.end() <= token; }) -
         blocks_.begin();
}

std::vector<Block> SemanticCache::CutAll() {
  const int32_t sink = static_cast<int32_t>(std::min<int64_t>(method_.sink, size()));
  std::vector<Block> all;
  if (sink > 0) all.push_back({.start = 0, .length = sink});
  const std::vector<Block> rest = Cut(sink, size(), /*open=*/false);
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

const ClassImportance& SemanticCache::Importance() {
  if (!importance_) importance_ = LearnImportance(scorer_.mass(), Classes(), method_.split);
  return *importance_;
}

void SemanticCache::CutBlocks(int64_t end) {
  const int64_t first_block = static_cast<int64_t>(blocks_.size());
  const int64_t begin = blocks_.empty() ? method_.sink : blocks_.back().end();
  if (end <= begin || (!blocks_.empty() && end - begin < kCutTokens)) return;
  if (blocks_.empty() && method_.sink > 0) blocks_.push_back({.start = 0, .length = method_.sink});
  const std::vector<Block> cut = Cut(begin, end, /*open=*/true);
  blocks_.insert(blocks_.end(), cut.begin(), cut.end());
  Summarise(first_block);
}

std::vector<Block> SemanticCache::Cut(int64_t begin, int64_t end, bool open) {
  const auto classes =
      Classes().subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  const std::vector<float> weights = CutWeights(method_.split, classes, Importance(), begin);
  return open ? SegmentOpen(method_.split, weights, classes, begin, end)
              : Segment(method_.split, weights, classes, begin, end);
}

std::span<const DelimiterClass> SemanticCache::Classes() {
  delimiters_.Append(std::span(tokens_).subspan(delimiters_.classes().size()));
  return delimiters_.classes();
}

void SemanticCache::Summarise(int64_t first_block) {
  const auto added = std::span(blocks_).subspan(static_cast<size_t>(first_block));
  if (added.empty()) return;
  index_->Reserve(static_cast<int64_t>(blocks_.size()));
  const int64_t tokens = added.back().end() - added.front().start;
  ParallelFor(tokens < kParallelTokens ? 1 : threads_, shape_.num_layers, [&](int layer) {
    std::vector<KvView> views;
    for (int head = 0; head < shape_.kv_heads; ++head) views.push_back(pages_.View(layer, head));
    index_->Fill(layer, first_block, added, views);
  });
}

}  // namespace dynsplit
