#include "cache/semantic_cache.h"

#include <algorithm>

#include "base/check.h"
#include "base/first_error.h"
#include "base/parallel_for.h"
#include "kernels/key_novelty.h"
#include "select/block_survey.h"
#include "select/token_selection.h"
#include "split/segmenter.h"
#include "store/decoded_pages.h"
#include "store/pinned_pages.h"

namespace dynsplit {
namespace {

// So many tokens leave `recent` between one cut and the next: cutting each one alone would cost
// more than attending to it a little longer.
constexpr int64_t kCutTokens = 64;

// Less than this many tokens are summarised or weighed faster by one thread than by several new
// ones.
constexpr int64_t kParallelTokens = 1024;

// Keys of one KV head that are read before their pages may move again.
constexpr int64_t kPinnedTokens = 4096;

// Keys of all KV heads of a layer as f16, some at a time.
class LayerKeys {
 public:
  LayerKeys(const PageTable& table, int layer) : table_(table), layer_(layer) {
    pages_.resize(static_cast<size_t>(table.shape().KvHeads(layer)));
    decoded_.resize(pages_.size());
    views_.resize(pages_.size());
  }

  Status Pin(TokenRange tokens) {
    for (size_t head = 0; head < pages_.size(); ++head) {
      pages_[head].Reset(table_, layer_, static_cast<int>(head));
      DYNSPLIT_RETURN_IF_ERROR(pages_[head].Pin(KvPart::kKeys, tokens));
      views_[head] = decoded_[head].Decode(pages_[head].view(), KvPart::kKeys, tokens);
    }
    return {};
  }
  std::span<const KvView> views() const { return views_; }  // [kv_heads]

 private:
  const PageTable& table_;
  int layer_;
  std::vector<PinnedPages> pages_;
  std::vector<DecodedPages> decoded_;
  std::vector<KvView> views_;
};

// The first of `blocks`, of which the first one is number `block`, whose keys are read at once.
// What of a chunk comes at once is quantised together in int2.
std::span<const Block> FilledTogether(std::span<const Block> blocks, int64_t block,
                                      SummaryType type) {
  const auto left = static_cast<size_t>(kIndexChunkBlocks - block % kIndexChunkBlocks);
  size_t count = std::min(left, blocks.size());
  while (type != SummaryType::kInt2 && count > 1 &&
         blocks[count - 1].end() - blocks[0].start > kPinnedTokens) {
    --count;
  }
  return blocks.first(count);
}

bool Evicts(Policy policy) { return policy == Policy::kSnapKv || policy == Policy::kH2o; }

// Where DD-Select samples, in sixths of the way up the layers.
constexpr int kSampledSixths[] = {2, 3, 4};

}  // namespace

std::vector<int> SampledLayers(const CacheShape& shape) {
  const std::vector<int> global = shape.GlobalLayers();
  std::vector<int> layers;
  if (global.empty()) return layers;
  for (const int sixths : kSampledSixths) {
    const int layer = global[global.size() * static_cast<size_t>(sixths) / 6];
    if (layers.empty() || layers.back() != layer) layers.push_back(layer);
  }
  return layers;
}

std::vector<LayerHead> SampledHeads(const CacheShape& shape) {
  std::vector<LayerHead> heads;
  for (const int layer : SampledLayers(shape)) {
    for (int head = 0; head < shape.KvHeads(layer); ++head) heads.push_back({layer, head});
  }
  return heads;
}

SemanticCache::SemanticCache(const CacheShape& shape, const Method& method, PagePool* pool,
                             std::shared_ptr<const DelimiterTable> delimiters,
                             const CacheOptions& options)
    : shape_(shape),
      options_(options),
      pages_(pool, shape),
      delimiters_(std::move(delimiters)),
      scorer_(options.observation.window, options.observation.retained, kObservedSink),
      runs_(shape.NumGlobal(), shape.kv_heads, shape.head_dim) {
  SetMethod(method);
}

bool SemanticCache::CanUse(const Method& method) const {
  if (read_jointly_ && Evicts(method.policy)) return false;
  return method.policy != Policy::kH2o || all_voted_;
}

std::string SemanticCache::WhyNot(const Method& method) {
  return method.name + " needs the votes of queries: text must be read with full attention" +
         (method.policy == Policy::kH2o ? ", under h2o itself" : "");
}

void SemanticCache::SetMethod(const Method& method) {
  DYNSPLIT_CHECK(CanUse(method));
  method_ = method;
  kept_.reset();
  looks_.reset();
  learned_.reset();
  blocks_.clear();
  next_cut_ = 0;
  index_.emplace(IndexShape{.num_layers = shape_.NumGlobal(),
                            .kv_heads = shape_.kv_heads,
                            .head_dim = shape_.head_dim,
                            .vectors = method.vectors,
                            .kind = method.summary,
                            .type = method.summary_type});
}

// What is kept has seen all the queries that it is judged by; those which are read again find that
// so. The window of the last queries is filled anew by them.
bool SemanticCache::Truncate(int64_t shared) {
  const int64_t overlap = std::max(kVoteWindow, options_.observation.window);
  const int64_t tokens = std::min(shared, size()) - overlap;
  const bool windows = shape_.NumGlobal() < shape_.num_layers;  // their pages may be gone
  if (tokens <= 0 || votes_ || read_jointly_ || windows || pages_.cold_end() > 0) return false;
  if (!scorer_.Truncate(tokens)) return false;
  tokens_.resize(static_cast<size_t>(tokens));
  pages_.Truncate(tokens);
  delimiters_.Restart();
  window_.reset();
  SetMethod(method_);
  return true;
}

Status SemanticCache::CheckAttention(Attention attention) const {
  if (attention != Attention::kJoint || !Evicts(method_.policy)) return {};
  return InvalidArgument("method: " + WhyNot(method_));
}

Status SemanticCache::Begin(std::span<const int32_t> tokens, Attention attention) {
  DYNSPLIT_RETURN_IF_ERROR(CheckAttention(attention));
  DYNSPLIT_RETURN_IF_ERROR(pages_.Extend(size(), static_cast<int64_t>(tokens.size())));
  const bool needs_blocks = method_.policy != Policy::kAll && method_.policy != Policy::kRecent;
  if (attention == Attention::kSelected && needs_blocks && !Evicts(method_.policy))
    DYNSPLIT_RETURN_IF_ERROR(CutBlocks(size() - method_.recent));
  if (attention == Attention::kSelected && Evicts(method_.policy) && !kept_)
    DYNSPLIT_RETURN_IF_ERROR(KeepBlocks());
  if (attention == Attention::kJoint) DYNSPLIT_RETURN_IF_ERROR(IndexRuns());
  if (attention == Attention::kSelected) ForgetRuns();
  if (attention == Attention::kSelected && tokens.size() == 1) PrepareLooks();
  return {};
}

void SemanticCache::PrepareLooks() {
  if (method_.reuse == 1 || !ChoosesTokens(method_)) return;
  const auto num_blocks = static_cast<int64_t>(blocks_.size());
  const bool may_serve = looks_ && looks_->MayServe(size(), num_blocks, method_.reuse);
  const bool own = looks_.use_count() == 1;  // heads may make theirs anew in any step
  if (may_serve) {
    if (!own) looks_ = std::make_shared<LookLists>(*looks_);
    looks_->Abandon();
  } else if (own) {
    looks_->Reset(size(), num_blocks);
  } else {
    looks_ = std::make_shared<LookLists>(shape_, size(), num_blocks);
  }
}

void SemanticCache::Commit(std::span<const int32_t> tokens, const Observed& observed) {
  const int64_t first = size();
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  pages_.AdoptCold();
  pages_.DropUnseen(size());
  DYNSPLIT_CHECK(pages_.cold_end() == pages_.ColdEndAt(size()));
  if (tokens.size() > 1 || !observed.mass.empty()) looks_.reset();
  if (looks_) looks_->Commit();
  if (observed.mass.empty()) return;
  const size_t mass_row = static_cast<size_t>(observation().mass_row());
  DYNSPLIT_CHECK(observed.mass.size() == tokens.size() * mass_row);
  for (size_t row = 0; observed.heads > 0 && row < tokens.size(); ++row) {
    scorer_.AddRow(first + static_cast<int64_t>(row),
                   observed.mass.subspan(row * mass_row, mass_row), observed.heads);
  }
  read_jointly_ = read_jointly_ || observed.joint;
  window_ = observed.window;
  votes_ = observed.votes;
  all_voted_ = all_voted_ && votes_ != nullptr;
  kept_.reset();  // there is more to choose from
}

int64_t SemanticCache::BlocksBefore(int64_t token) const {
  return std::partition_point(blocks_.begin(), blocks_.end(),
                              [token](const Block& b) { return b.end() <= token; }) -
         blocks_.begin();
}

Result<std::vector<Block>> SemanticCache::CutAll() {
  std::vector<Block> all = blocks_;
  const int32_t sink = static_cast<int32_t>(std::min<int64_t>(method_.sink, size()));
  if (all.empty() && sink > 0) all.push_back({.start = 0, .length = sink});
  const Result<std::vector<Block>> rest =
      Cut(all.empty() ? 0 : all.back().end(), size(), /*open=*/false);
  if (!rest.ok()) return rest.status();
  all.insert(all.end(), rest->begin(), rest->end());
  return all;
}

const ClassImportance& SemanticCache::Importance() { return LearnedAfter(1).importance; }

const SemanticCache::Learned& SemanticCache::LearnedAfter(int64_t tokens) {
  if (learned_ && size() < learned_->tokens + tokens) return *learned_;
  learned_ = Learned{.importance = LearnImportance(scorer_.mass(), Classes(), method_.split),
                     .novelty = {},
                     .tokens = size()};
  return *learned_;
}

int64_t SemanticCache::Lookahead() const {
  return std::max(UsesCandidates(method_.split) ? observation().window : 0,
                  UsesScatter(method_.split) ? kNoveltyWindow : 0);
}

Status SemanticCache::CutBlocks(int64_t end) {
  // A cut whose weight still depends on what follows has to wait.
  end = std::min(end, size() - Lookahead());
  if (end < next_cut_) return {};
  std::vector<Block> added;
  if (blocks_.empty() && method_.sink > 0) added.push_back({.start = 0, .length = method_.sink});
  const int64_t begin = blocks_.empty() ? method_.sink : blocks_.back().end();
  if (end <= begin) return {};
  const Result<std::vector<Block>> cut = Cut(begin, end, /*open=*/true);
  if (!cut.ok()) return cut.status();
  added.insert(added.end(), cut->begin(), cut->end());
  // Nothing has changed yet where this throws.
  blocks_.reserve(blocks_.size() + added.size());
  std::optional<BlockIndex> before;
  if (pages_.pool()->pager() != nullptr) before = index_;  // keys may not be there to be read
  Status status = Summarise(added);
  if (status.ok()) {
    blocks_.insert(blocks_.end(), added.begin(), added.end());
    next_cut_ = end + kCutTokens;
  } else {
    index_ = std::move(before);
  }
  return status;
}

Status SemanticCache::KeepBlocks() {
  next_cut_ = 0;
  DYNSPLIT_RETURN_IF_ERROR(CutBlocks(size() - method_.recent));
  const int64_t tokens = blocks_.empty() ? 0 : blocks_.back().end();
  const int64_t voted = votes_ == nullptr ? 0 : votes_->tokens();
  const bool by_window = method_.policy == Policy::kSnapKv && window_ != nullptr;
  const Result<TokenVotes> votes =
      by_window ? WindowVotes(shape_, *window_, pages_, tokens, options_.threads)
                : TokenVotes(shape_, votes_.get(), std::max(tokens, voted));
  if (!votes.ok()) return votes.status();
  kept_ = std::make_shared<const KeptBlocks>(shape_, method_, blocks_, *votes, size());
  return {};
}

Result<std::vector<Block>> SemanticCache::Cut(int64_t begin, int64_t end, bool open) {
  // Learned anew each time the text has doubled: a prompt in several turns counts whole, at O(1) a
  // token.
  LearnedAfter(std::max<int64_t>(1, learned_ ? learned_->tokens : 0));
  const auto classes =
      Classes().subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  const Result<std::vector<float>> weights = Weights({begin, end}, classes);
  if (!weights.ok()) return weights.status();
  return open ? SegmentOpen(method_.split, *weights, classes, begin, end)
              : Segment(method_.split, *weights, classes, begin, end);
}

Result<std::vector<float>> SemanticCache::Weights(TokenRange tokens,
                                                  std::span<const DelimiterClass> classes) {
  const ClassImportance& importance = learned_->importance;
  std::vector<float> candidate, scatter;
  if (UsesCandidates(method_.split)) {
    candidate = CandidateImportance(scorer_.mass(), tokens, importance, method_.split);
  }
  if (UsesScatter(method_.split)) {
    Result<std::vector<float>> scores = ScatterOf(tokens);
    if (!scores.ok()) return scores.status();
    scatter = *std::move(scores);
  }
  return CutWeights(method_.split, classes, importance, tokens.start, {candidate, scatter});
}

Result<std::vector<float>> SemanticCache::ScatterOf(TokenRange tokens) {
  const size_t heads = SampledHeads(shape_).size();
  if (heads == 0) return std::vector<float>(static_cast<size_t>(tokens.end - tokens.start));
  if (!learned_->novelty) {
    const int64_t begin = std::min<int64_t>(method_.sink, learned_->tokens);
    const Result<std::vector<float>> all =
        Novelty({begin, std::max(begin, learned_->tokens - kNoveltyWindow)});
    if (!all.ok()) return all.status();
    learned_->novelty = LearnNoveltyScale(*all, static_cast<int>(heads));
  }
  const Result<std::vector<float>> novelty = Novelty(tokens);
  if (!novelty.ok()) return novelty.status();
  return ScatterScores(*learned_->novelty, *novelty);
}

Result<std::vector<float>> SemanticCache::Novelty(TokenRange tokens) const {
  const int64_t cuts = tokens.end - tokens.start;
  const std::vector<LayerHead> heads = SampledHeads(shape_);
  const int num_heads = static_cast<int>(heads.size());
  std::vector<float> novelty(heads.size() * static_cast<size_t>(cuts));
  // The sink's keys are unlike all others: beside them every cut would be a great one.
  const TokenRange keys = {std::min<int64_t>(method_.sink, tokens.start), size()};
  FirstError error;
  ParallelFor(cuts < kParallelTokens ? 1 : options_.threads, num_heads, [&](int idx) {
    const LayerHead head = heads[static_cast<size_t>(idx)];
    PinnedPages pages;
    DecodedPages decoded;
    for (int64_t cut = tokens.start; cut < tokens.end && error.ok(); cut += kPinnedTokens) {
      const TokenRange some = {cut, std::min(tokens.end, cut + kPinnedTokens)};
      pages.Reset(pages_, head.layer, head.kv_head);
      const TokenRange near = {std::max(keys.start, some.start - kNoveltyWindow),
                               std::min(keys.end, some.end + kNoveltyWindow)};
      if (!error.Set(pages.Pin(KvPart::kKeys, near))) return;
      const KvView kv = decoded.Decode(pages.view(), KvPart::kKeys, near);
      KeyNovelty({.kv = kv, .keys = keys, .cuts = some, .window = kNoveltyWindow},
                 novelty.data() + idx * cuts + (cut - tokens.start));
    }
  });
  if (!error.ok()) return error.status();
  return novelty;
}

std::span<const DelimiterClass> SemanticCache::Classes() {
  delimiters_.Append(std::span(tokens_).subspan(delimiters_.classes().size()));
  return delimiters_.classes();
}

Status SemanticCache::Summarise(std::span<const Block> added) {
  if (method_.policy != Policy::kTop) return {};  // nobody else reads the index
  const auto first_block = static_cast<int64_t>(blocks_.size());
  index_->Reserve(first_block + static_cast<int64_t>(added.size()));
  const int64_t tokens = added.back().end() - added.front().start;
  FirstError error;
  const std::vector<int> layers = shape_.GlobalLayers();
  const int num_layers = static_cast<int>(layers.size());
  ParallelFor(tokens < kParallelTokens ? 1 : options_.threads, num_layers, [&](int idx) {
    LayerKeys keys(pages_, layers[static_cast<size_t>(idx)]);
    for (size_t i = 0; i < added.size() && error.ok();) {
      const int64_t block = first_block + static_cast<int64_t>(i);
      const auto some = FilledTogether(added.subspan(i), block, index_->shape().type);
      if (!error.Set(keys.Pin({some.front().start, some.back().end()}))) return;
      index_->Fill(idx, block, some, keys.views());
      i += some.size();
    }
  });
  return error.status();
}

// An answer does without them, and they are a sixteenth of all keys and values. What is read
// jointly after it has them made anew.
void SemanticCache::ForgetRuns() {
  if (runs_.num_runs() > 0) runs_ = RunIndex(shape_.NumGlobal(), shape_.kv_heads, shape_.head_dim);
}

Status SemanticCache::IndexRuns() {
  const int64_t first = runs_.num_runs();
  const int64_t end = size() / kRunTokens;
  if (end <= first) return {};
  std::optional<RunIndex> before;
  if (pages_.pool()->pager() != nullptr) before = runs_;  // keys may not be there to be read
  runs_.Reserve(end);
  FirstError error;
  const std::vector<int> layers = shape_.GlobalLayers();
  ParallelFor(options_.threads, static_cast<int>(layers.size()), [&](int idx) {
    LayerKeys keys(pages_, layers[static_cast<size_t>(idx)]);
    for (int64_t run = first; run < end && error.ok(); run += kPinnedTokens / kRunTokens) {
      const int64_t run_end = std::min(end, run + kPinnedTokens / kRunTokens);
      if (!error.Set(keys.Pin({run * kRunTokens, run_end * kRunTokens}))) return;
      runs_.Fill(idx, {run, run_end}, keys.views());
    }
  });
  if (!error.ok()) runs_ = *std::move(before);
  return error.status();
}

}  // namespace dynsplit
