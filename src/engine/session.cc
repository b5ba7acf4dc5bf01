#include "dynsplit/session.h"

#include <algorithm>

#include "engine/engine_impl.h"
#include "kernels/causal_attention.h"

namespace dynsplit {
namespace {

// Of `left` tokens those of the next pass. Where the end of a text is read whole, the last pass
// holds all of it, if passes are long enough.
int64_t PassTokens(const Engine& engine, const FeedOptions& options, int64_t left) {
  const int64_t most = engine.pass_tokens(options.attention);
  const bool ends_whole = options.attention == Attention::kJoint && options.logits != Logits::kNone;
  if (!ends_whole || left <= most || most < 2 * kMaxQueryRows) return std::min(most, left);
  return std::min(most, left - kMaxQueryRows);
}

// What the tokens of a pass attend to. Where all that read jointly would be given everything
// (JointSelector::Choose) they are dense: nobody pays for choosing then, and queries have votes.
Attention PassAttention(const SemanticCache& cache, Attention attention, const BatchItem& pass) {
  if (attention != Attention::kJoint) return attention;
  const auto count = static_cast<int64_t>(pass.tokens.size());
  const bool all_fit = cache.size() + count <= cache.joint().budget_tokens + cache.joint().window;
  const bool is_whole_end = pass.logits != Logits::kNone && count <= kMaxQueryRows;
  return all_fit || is_whole_end ? Attention::kDense : Attention::kJoint;
}

}  // namespace

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

Status Session::Feed(std::span<const int32_t> tokens, const FeedOptions& options) {
  const int64_t total = static_cast<int64_t>(tokens.size());
  if (impl_->cache.size() + total > context_tokens()) {
    return ResourceExhausted("the text has " + std::to_string(total) + " tokens after " +
                             std::to_string(impl_->cache.size()) + ", the context has room for " +
                             std::to_string(context_tokens()));
  }
  if (total == 0) return {};
  DYNSPLIT_RETURN_IF_ERROR(impl_->engine->impl().CheckTokens(tokens));
  DYNSPLIT_RETURN_IF_ERROR(impl_->cache.CheckAttention(options.attention));
  std::vector<float> all_logits;
  for (int64_t done = 0; done < total;) {
    const int64_t count = PassTokens(*impl_->engine, options, total - done);
    const bool last = done + count == total;
    BatchItem item{
        .session = this,
        .tokens = tokens.subspan(static_cast<size_t>(done), static_cast<size_t>(count)),
        .logits = options.logits == Logits::kLast && !last ? Logits::kNone : options.logits};
    item.attention = PassAttention(impl_->cache, options.attention, item);
    if (options.cancel != nullptr && options.cancel->load()) return Cancelled("reading cancelled");
    DYNSPLIT_RETURN_IF_ERROR(impl_->engine->Run({&item, 1}, options.cancel));
    if (options.logits == Logits::kAll) {
      all_logits.insert(all_logits.end(), impl_->logits.begin(), impl_->logits.end());
    }
    done += count;
    if (options.progress) options.progress(done, total);
  }
  if (options.logits == Logits::kAll) impl_->logits = std::move(all_logits);
  return {};
}

std::span<const float> Session::logits() const { return impl_->logits; }

const BlockChoices* Session::choices() const { return impl_->choices ? &*impl_->choices : nullptr; }

std::unique_ptr<Session> Session::Fork() const {
  return std::make_unique<Session>(std::make_unique<Impl>(*impl_));
}

std::unique_ptr<Session> Session::ForkPrefix(int64_t shared) const {
  auto fork = std::make_unique<Impl>(*impl_);
  if (!fork->cache.Truncate(shared)) return nullptr;
  fork->logits.clear();
  fork->joint_rows = 0;
  fork->selected_rows = 0;
  fork->attended_tokens = 0;
  return std::make_unique<Session>(std::move(fork));
}

Status Session::SetMethod(const Method& method) {
  const Result<Method> resolved = impl_->engine->impl().Resolve(method);
  if (!resolved.ok()) return resolved.status();
  if (!impl_->cache.CanUse(method)) {
    return InvalidArgument("method: " + SemanticCache::WhyNot(method));
  }
  impl_->cache.SetMethod(*resolved);
  return {};
}

const Method& Session::method() const { return impl_->cache.method(); }

std::span<const int32_t> Session::tokens() const { return impl_->cache.tokens(); }

int64_t Session::context_tokens() const { return impl_->engine->context_tokens(); }

Result<std::vector<Block>> Session::Blocks() { return impl_->cache.CutAll(); }

std::span<const Block> Session::finished_blocks() const { return impl_->cache.blocks(); }

std::vector<DelimiterImportance> Session::Importance() {
  const ClassImportance& learned = impl_->cache.Importance();
  std::vector<DelimiterImportance> all;
  for (size_t c = 0; c < kNumDelimiterClasses; ++c) {
    all.push_back({.delimiter = static_cast<DelimiterClass>(c),
                   .count = learned.count[c],
                   .weight = learned.weight[c],
                   .standard_error = learned.standard_error[c]});
  }
  return all;
}

SessionStats Session::stats() const {
  const SemanticCache& cache = impl_->cache;
  const int64_t heads = cache.shape().TotalKvHeads();
  const int64_t bytes = static_cast<int64_t>(cache.pages().bytes());
  SessionStats stats{
      .tokens = cache.size(),
      .kv_bytes_total = bytes,
      .kv_bytes_resident = static_cast<int64_t>(cache.pages().resident_bytes()),
      .index_bytes = static_cast<int64_t>(cache.index().bytes() + cache.runs().bytes()),
      .window_bytes = cache.window() == nullptr ? 0 : static_cast<int64_t>(cache.window()->bytes()),
      .num_blocks = static_cast<int64_t>(cache.blocks().size()),
      .joint_rows = impl_->joint_rows,
      .selected_rows = impl_->selected_rows};
  if (impl_->selected_rows > 0) {
    stats.attended_tokens_mean = static_cast<double>(impl_->attended_tokens) /
                                 static_cast<double>(heads * impl_->selected_rows);
  }
  return stats;
}

void Session::ResetStats() {
  impl_->joint_rows = 0;
  impl_->selected_rows = 0;
  impl_->attended_tokens = 0;
}

}  // namespace dynsplit
