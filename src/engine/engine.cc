#include "dynsplit/engine.h"

#include <algorithm>
#include <new>
#include <thread>

#include "engine/build_info.h"
#include "engine/engine_impl.h"
#include "model/model_impl.h"

namespace dynsplit {
namespace {

static_assert(kMaxModelHeadDim <= kMaxHeadDim);  // what is loaded can be attended to

constexpr int kMaxThreads = 256;
constexpr int kMaxBatchTokens = 4096;
constexpr int kSelectedPassTokens = 32;
// Of memory, for the last tokens where they have a type of their own.
constexpr int64_t kHotShare = 32;
constexpr int kMaxBoundaryRetained = 1024;
constexpr int kMaxJointTokens = 1 << 20;
// Frames are numbered by 32 bits.
constexpr int64_t kMaxKvMemory = int64_t{1} << 40;
constexpr int64_t kMaxContextTokens = int64_t{1} << 30;  // a block's start is an int32

CacheShape ShapeOf(const ModelConfig& config) {
  CacheShape shape{.num_layers = config.num_layers,
                   .num_heads = config.num_heads,
                   .head_dim = config.head_dim,
                   .value_dim = config.value_dim,
                   .score_scale = config.attention_scale,
                   .score_cap = config.attention_softcap};
  for (const LayerConfig& layer : config.layers) {
    shape.kv_heads = std::max(shape.kv_heads, layer.num_kv_heads);
    shape.layers.push_back({.kv_heads = layer.num_kv_heads, .window = layer.window});
  }
  const LayerShape all = {.kv_heads = shape.kv_heads};
  if (std::ranges::all_of(shape.layers, [&](const LayerShape& l) { return l == all; })) {
    shape.layers.clear();
  }
  return shape;
}

Observation ObservationOf(const EngineOptions& options) {
  return {.window = options.boundary_window, .retained = options.boundary_retained};
}

// Of joint rows: those of the model's profile or, without one, what methods take then.
std::vector<LayerHead> DenseHeads(const EngineOptions& options, const CacheShape& shape) {
  if (options.dense_heads) return *options.dense_heads;
  std::vector<LayerHead> heads;
  for (int layer = 0; layer < std::min(Method().dense_layers, shape.num_layers); ++layer) {
    for (int head = 0; head < shape.KvHeads(layer); ++head) heads.push_back({layer, head});
  }
  return heads;
}

DelimiterTable DelimitersOf(const Tokenizer& tokenizer) {
  std::vector<std::string> bytes;
  std::vector<uint8_t> turn;
  for (int32_t id = 0; id < tokenizer.size(); ++id) {
    bytes.emplace_back(tokenizer.TokenBytes(id));
    turn.push_back(tokenizer.IsControl(id) ? 1 : 0);
  }
  return DelimiterTable::Build(bytes, turn);
}

Status CheckRange(const char* name, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return {};
  return InvalidArgument(std::string(name) + ": got " + std::to_string(value) + ", wanted " +
                         std::to_string(low) + " to " + std::to_string(high));
}

Status CheckHeads(std::span<const LayerHead> heads, const CacheShape& shape) {
  for (const LayerHead& head : heads) {
    DYNSPLIT_RETURN_IF_ERROR(
        CheckRange("method: dense-heads: layer", head.layer, 0, shape.num_layers - 1));
    DYNSPLIT_RETURN_IF_ERROR(
        CheckRange("method: dense-heads: KV head", head.kv_head, 0, shape.KvHeads(head.layer) - 1));
  }
  return {};
}

Status CheckTypes(KvTypes types) {
  if (types.hot == KvType::kQ4) return InvalidArgument("kv_types: got hot q4, wanted f16 or q8_0");
  if (types.cold >= types.hot) return {};
  return InvalidArgument(std::string("kv_types: got cold ") + NameOf(types.cold) + " after hot " +
                         NameOf(types.hot) + ", wanted none that is finer");
}

// Parts kv_memory_bytes among the tiers and opens a file for each.
Status ShareOut(const EngineOptions& options, const CacheShape& shape, TierMemory* hot,
                TierMemory* cold) {
  const KvTypes types = options.kv_types;
  const bool has_tiers = types.cold != types.hot;
  const int64_t least_cold = AttentionBatch::LeastPageBytes(shape, options.threads, types.cold);
  const int64_t least_hot = has_tiers ? AttentionBatch::LeastHotBytes(
                                            shape, options.threads, options.batch_tokens, types.hot)
                                      : 0;
  const int64_t bytes = options.kv_memory_bytes;
  DYNSPLIT_RETURN_IF_ERROR(
      CheckRange("kv_memory_bytes", bytes, least_hot + least_cold, kMaxKvMemory));
  if (options.kv_dir.empty()) return InvalidArgument("kv_dir: got none, wanted a directory");
  // Those of one sequence stay in memory; those of more sequences and of a long pass may wait too.
  const int64_t hot_pages = 2 * shape.num_layers * shape.kv_heads * (kHotTokens / kPageTokens + 1);
  const int64_t of_sequence =
      hot_pages * static_cast<int64_t>(PageBytes(types.hot, shape.PageWidth()));
  const int64_t hot_bytes = has_tiers ? std::clamp(std::max(bytes / kHotShare, of_sequence),
                                                   least_hot, bytes - least_cold)
                                      : bytes;
  hot->max_bytes = static_cast<size_t>(hot_bytes);
  cold->max_bytes = static_cast<size_t>(bytes - hot_bytes);
  for (TierMemory* tier : {hot, cold}) {
    if (tier == cold && !has_tiers) break;
    Result<std::unique_ptr<RandomAccessFile>> file = OpenUnnamedFile(options.kv_dir);
    if (!file.ok()) return file.status();
    tier->file = *std::move(file);
  }
  return {};
}

int32_t RowsWanted(const BatchItem& item) {
  switch (item.logits) {
    case Logits::kNone:
      return 0;
    case Logits::kLast:
      return 1;
    case Logits::kAll:
      return static_cast<int32_t>(item.tokens.size());
  }
  return 0;
}

Status CheckContext(const BatchItem& item, int64_t context_tokens) {
  const int64_t held = static_cast<int64_t>(item.session->tokens().size());
  const int64_t added = static_cast<int64_t>(item.tokens.size());
  if (held + added <= context_tokens) return {};
  return ResourceExhausted("context full: " + std::to_string(held) + " + " + std::to_string(added) +
                           " tokens, room for " + std::to_string(context_tokens));
}

// Where no head selects; those that do write what they chose over it.
BlockChoices AttendingToAll(const CacheShape& shape, int64_t tokens) {
  BlockChoices choices;
  for (int layer = 0; layer < shape.num_layers; ++layer) {
    const int64_t seen = tokens - shape.FirstSeen(layer, tokens - 1);
    choices.layers.emplace_back(shape.KvHeads(layer), HeadChoice{.attended_tokens = seen});
  }
  return choices;
}

Status CheckBatch(const Engine* engine, std::span<const BatchItem> items,
                  const EngineOptions& options) {
  size_t total = 0;
  for (const BatchItem& item : items) {
    if (item.session == nullptr || item.session->impl().engine != engine) {
      return InvalidArgument("a batch item's session is not one of this engine");
    }
    if (item.tokens.empty()) return InvalidArgument("a batch item has no tokens");
    total += item.tokens.size();
    for (const BatchItem& other : items) {
      if (&other != &item && other.session == item.session) {
        return InvalidArgument("a session occurs twice in a batch");
      }
    }
    DYNSPLIT_RETURN_IF_ERROR(item.session->impl().engine->impl().CheckTokens(item.tokens));
  }
  DYNSPLIT_RETURN_IF_ERROR(
      CheckRange("tokens of a batch", static_cast<int64_t>(total), 1, options.batch_tokens));
  for (const BatchItem& item : items) {
    DYNSPLIT_RETURN_IF_ERROR(CheckContext(item, options.context_tokens));
  }
  return {};
}

}  // namespace

Engine::Impl::Impl(std::shared_ptr<const Model> m, const EngineOptions& o, const CacheShape& s,
                   TierMemory hot, TierMemory cold)
    : model(std::move(m)),
      options(o),
      shape(s),
      delimiters(std::make_shared<const DelimiterTable>(DelimitersOf(model->tokenizer()))),
      pool(s.PageWidth(), o.kv_types, std::move(hot), std::move(cold)),
      attention(s, o.threads, ObservationOf(o)),
      ops(&attention, s.num_layers),
      forward(model->impl().weights.get(), &ops, o.threads, o.context_tokens) {}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::Create(std::shared_ptr<const Model> model,
                                               const EngineOptions& options) {
  EngineOptions resolved = options;
  if (resolved.threads == 0) {
    // Respects the process's CPU affinity.
    resolved.threads =
        std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMaxThreads);
  }
  if (resolved.context_tokens == 0) {
    resolved.context_tokens = std::min(model->description().context_length, kMaxContextTokens);
  }
  DYNSPLIT_RETURN_IF_ERROR(CheckRange("threads", resolved.threads, 1, kMaxThreads));
  DYNSPLIT_RETURN_IF_ERROR(CheckRange("batch_tokens", resolved.batch_tokens, 1, kMaxBatchTokens));
  DYNSPLIT_RETURN_IF_ERROR(
      CheckRange("context_tokens", resolved.context_tokens, 1, kMaxContextTokens));
  DYNSPLIT_RETURN_IF_ERROR(
      CheckRange("boundary_window", resolved.boundary_window, 1, kMaxBoundaryWindow));
  DYNSPLIT_RETURN_IF_ERROR(
      CheckRange("boundary_retained", resolved.boundary_retained, 1, kMaxBoundaryRetained));
  DYNSPLIT_RETURN_IF_ERROR(
      CheckRange("joint.budget_tokens", resolved.joint.budget_tokens, kRunTokens, kMaxJointTokens));
  DYNSPLIT_RETURN_IF_ERROR(
      CheckRange("joint.window", resolved.joint.window, kPageTokens, kMaxJointTokens));
  const CacheShape shape = ShapeOf(model->impl().weights->config());
  if (resolved.dense_heads) {
    DYNSPLIT_RETURN_IF_ERROR(CheckHeads(*resolved.dense_heads, shape));
  }
  DYNSPLIT_RETURN_IF_ERROR(CheckTypes(resolved.kv_types));
  TierMemory hot, cold;
  if (resolved.kv_memory_bytes != 0) {
    DYNSPLIT_RETURN_IF_ERROR(ShareOut(resolved, shape, &hot, &cold));
  }
  return std::unique_ptr<Engine>(new Engine(
      std::make_unique<Impl>(std::move(model), resolved, shape, std::move(hot), std::move(cold))));
}

const Model& Engine::model() const { return *impl_->model; }
int Engine::threads() const { return impl_->options.threads; }
int Engine::batch_tokens() const { return impl_->options.batch_tokens; }
int Engine::pass_tokens(Attention attention) const {
  return attention == Attention::kSelected ? std::min(batch_tokens(), kSelectedPassTokens)
                                           : batch_tokens();
}
int64_t Engine::context_tokens() const { return impl_->options.context_tokens; }
std::string Engine::BuildInfo() const { return DescribeBuild(); }

EngineStats Engine::stats() const {
  const PagePool& pool = impl_->pool;
  return {.kv_bytes = static_cast<int64_t>(pool.used_bytes()),
          .kv_bytes_resident = static_cast<int64_t>(pool.allocated_bytes()),
          .kv_bytes_spilled = static_cast<int64_t>(pool.spilled_bytes()),
          .pages_read = pool.num_read(),
          .pages_spilled = pool.num_written(),
          .chosen_blocks = impl_->chosen_blocks};
}

Status Engine::CheckMethod(const Method& method) const { return impl_->Resolve(method).status(); }

Result<std::unique_ptr<Session>> Engine::NewSession(const Method& method) {
  Result<Method> resolved = impl_->Resolve(method);
  if (!resolved.ok()) return resolved.status();
  return std::make_unique<Session>(std::make_unique<Session::Impl>(
      Session::Impl{.engine = this, .cache = impl_->NewCache(*resolved)}));
}

SemanticCache Engine::Impl::NewCache(const Method& method) {
  return {shape,
          method,
          &pool,
          delimiters,
          {.threads = options.threads,
           .observation = ObservationOf(options),
           .joint = {options.joint, DenseHeads(options, shape)}}};
}

Status Engine::Run(std::span<const BatchItem> items, const std::atomic<bool>* cancel) {
  try {
    return impl_->Run(this, items, cancel);
  } catch (const std::bad_alloc&) {
    return ResourceExhausted("no memory for a pass");
  }
}

Status Engine::Impl::Run(const Engine* engine, std::span<const BatchItem> items,
                         const std::atomic<bool>* cancel) {
  DYNSPLIT_RETURN_IF_ERROR(CheckBatch(engine, items, options));
  spans.clear();
  tokens.clear();
  positions.clear();
  output_rows.clear();
  choices.resize(items.size());  // before spans refer to them
  for (size_t i = 0; i < items.size(); ++i) {
    DYNSPLIT_RETURN_IF_ERROR(Begin(items[i], &choices[i]));
  }
  if (output_rows.empty()) output_rows.push_back(0);  // a graph has an output
  attention.Begin(spans);
  const auto logits = forward.Run({.tokens = tokens,
                                   .positions = positions,
                                   .output_rows = output_rows,
                                   .observe_all = attention.counts_votes()},
                                  cancel);
  if (!logits.ok()) return logits.status();
  DYNSPLIT_RETURN_IF_ERROR(attention.status());
  DYNSPLIT_RETURN_IF_ERROR(PrepareCommit(items));
  Finish(items, *logits);
  return {};
}

Result<Method> Engine::Impl::Resolve(const Method& method) const {
  DYNSPLIT_RETURN_IF_ERROR(ValidateMethod(method));
  Method resolved = method;
  if (resolved.dense_heads) {
    DYNSPLIT_RETURN_IF_ERROR(CheckHeads(*resolved.dense_heads, shape));
  } else if (options.dense_heads) {
    resolved.dense_heads = options.dense_heads;
    resolved.dense_layers = 0;
  }
  return resolved;
}

Status Engine::Impl::CheckTokens(std::span<const int32_t> ids) const {
  for (const int32_t id : ids) {
    DYNSPLIT_RETURN_IF_ERROR(CheckRange("token id", id, 0, model->description().vocab_size - 1));
  }
  return {};
}

Status Engine::Impl::Begin(const BatchItem& item, std::optional<BlockChoices>* item_choices) {
  SemanticCache& cache = item.session->impl().cache;
  const int32_t count = static_cast<int32_t>(item.tokens.size());
  DYNSPLIT_RETURN_IF_ERROR(cache.Begin(item.tokens, item.attention));
  const int32_t first_row = static_cast<int32_t>(tokens.size());
  item_choices->reset();
  if (item.choices) *item_choices = AttendingToAll(shape, cache.size() + count);
  spans.push_back({.cache = &cache,
                   .first_row = first_row,
                   .rows = count,
                   .attention = item.attention,
                   .ends_whole = item.logits != Logits::kNone,
                   .choices = item.choices ? &**item_choices : nullptr});
  for (int32_t i = 0; i < count; ++i) {
    tokens.push_back(item.tokens[static_cast<size_t>(i)]);
    positions.push_back(static_cast<int32_t>(cache.size()) + i);
    if (i >= count - RowsWanted(item)) output_rows.push_back(first_row + i);
  }
  return {};
}

Status Engine::Impl::PrepareCommit(std::span<const BatchItem> items) {
  for (const BatchItem& item : items) {
    DYNSPLIT_RETURN_IF_ERROR(item.session->impl().cache.PrepareCommit(item.tokens));
  }
  return {};
}

void Engine::Impl::Finish(std::span<const BatchItem> items, std::span<const float> logits) {
  const size_t vocab_size = static_cast<size_t>(model->description().vocab_size);
  size_t begin = 0;
  for (const BatchItem& item : items) {
    const size_t count = static_cast<size_t>(RowsWanted(item)) * vocab_size;
    const auto wanted = logits.subspan(begin, count);
    item.session->impl().logits.assign(wanted.begin(), wanted.end());
    begin += count;
  }
  for (size_t i = 0; i < items.size(); ++i) {
    Session::Impl& session = items[i].session->impl();
    session.choices.swap(choices[i]);
    if (items[i].attention == Attention::kJoint) session.joint_rows += spans[i].rows;
    if (items[i].attention == Attention::kSelected) {
      session.selected_rows += spans[i].rows;
      session.attended_tokens += attention.AttendedTokens(i);
      chosen_blocks += attention.ChosenBlocks(i);
    }
    session.cache.Commit(items[i].tokens, attention.ObservedOf(i));
  }
}

}  // namespace dynsplit
