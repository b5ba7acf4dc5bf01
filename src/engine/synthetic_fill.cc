#include "engine/synthetic_fill.h"

#include <algorithm>
#include <new>
#include <string>
#include <vector>

#include "base/rng.h"
#include "engine/engine_impl.h"
#include "kernels/f16.h"
#include "store/decoded_pages.h"
#include "store/pinned_pages.h"

namespace dynsplit {
namespace {

// A page: several blocks of any splitter in their natural order.
constexpr int64_t kCopiedTokens = 64;
// They take 47 MB for SmolLM2-135M.
constexpr int64_t kMostSources = 2048;
// Each element times 1 +- at most this: no two rows are equal, and no channel changes its size.
constexpr float kNoise = 0.125f;

// `count` is a multiple of 4, as every head_dim is.
void CopyWithNoise(const f16* from, size_t count, Rng* rng, float* to) {
  for (size_t i = 0; i < count; i += 4) {
    uint64_t bits = rng->Next();
    for (size_t j = i; j < i + 4; ++j, bits >>= 16) {
      const float uniform = static_cast<float>(static_cast<int16_t>(bits & 0xffff)) * 0x1p-15f;
      to[j] = F32FromF16(from[j]) * (1 + kNoise * uniform);
    }
  }
}

class Filler {
 public:
  Filler(Session::Impl* session, uint64_t seed)
      : engine_(session->engine->impl()), cache_(session->cache), runs_(seed) {
    first_source_ = std::max<int64_t>(kObservedSink, cache_.size() - kMostSources);
    num_sources_ = cache_.size() - first_source_;
    for (int layer = 0; layer < engine_.shape.num_layers; ++layer) {
      noise_.emplace_back(runs_.Next());
    }
  }

  Status ReadSources() {
    for (int layer = 0; layer < engine_.shape.num_layers; ++layer) {
      DYNSPLIT_RETURN_IF_ERROR(ReadSources(layer));
    }
    return {};
  }

  // One pass without a model.
  Status Append(int64_t count) {
    ChooseSources(count);
    DYNSPLIT_RETURN_IF_ERROR(cache_.Begin(tokens_, Attention::kDense));
    const Span span = {.cache = &cache_, .first_row = 0, .rows = static_cast<int>(count)};
    engine_.attention.Begin({&span, 1});
    for (int layer = 0; layer < engine_.shape.num_layers; ++layer) {
      MakeRows(layer);
      engine_.attention.Append(layer, keys_.data(), values_.data(), {});
    }
    DYNSPLIT_RETURN_IF_ERROR(engine_.attention.status());
    DYNSPLIT_RETURN_IF_ERROR(cache_.PrepareCommit(tokens_));
    cache_.Commit(tokens_, {});
    return {};
  }

 private:
  // [rows, KV heads, head_dim or value_dim], as AttentionBatch::Append takes them but for the type.
  struct LayerRows {
    size_t num_rows = 0;  // the last ones of the sources: all, or as many as a window holds
    std::vector<f16> keys;
    std::vector<f16> values;
  };

  size_t RowElements(int layer, int width) const {
    return static_cast<size_t>(engine_.shape.KvHeads(layer)) * static_cast<size_t>(width);
  }

  Status ReadSources(int layer) {
    const CacheShape& shape = engine_.shape;
    const TokenRange tokens = {std::max(first_source_, shape.FirstSeen(layer, cache_.size())),
                               cache_.size()};
    const auto key_dim = static_cast<size_t>(shape.head_dim);
    const auto value_dim = static_cast<size_t>(shape.value_dim);
    LayerRows rows;
    // A window of one token leaves nothing behind it: zeros then.
    rows.num_rows = static_cast<size_t>(std::max<int64_t>(1, tokens.end - tokens.start));
    rows.keys.resize(rows.num_rows * RowElements(layer, shape.head_dim));
    rows.values.resize(rows.num_rows * RowElements(layer, shape.value_dim));
    for (int head = 0; head < shape.KvHeads(layer); ++head) {
      PinnedPages pages(cache_.pages(), layer, head);
      DYNSPLIT_RETURN_IF_ERROR(pages.Pin(KvPart::kKeys, tokens));
      DYNSPLIT_RETURN_IF_ERROR(pages.Pin(KvPart::kValues, tokens));
      DecodedPages decoded_keys, decoded_values;
      const KvView keys = decoded_keys.Decode(pages.view(), KvPart::kKeys, tokens);
      const KvView values = decoded_values.Decode(pages.view(), KvPart::kValues, tokens);
      for (int64_t token = tokens.start; token < tokens.end; ++token) {
        const auto row_head =
            static_cast<size_t>(token - tokens.start) * static_cast<size_t>(shape.KvHeads(layer)) +
            static_cast<size_t>(head);
        std::copy_n(keys.Key(token), key_dim, &rows.keys[row_head * key_dim]);
        std::copy_n(values.Value(token), value_dim, &rows.values[row_head * value_dim]);
      }
    }
    sources_.push_back(std::move(rows));
    return {};
  }

  // Goes on with the run that the last pass ended in.
  void ChooseSources(int64_t count) {
    source_rows_.clear();
    tokens_.clear();
    const int64_t length = std::min(kCopiedTokens, num_sources_);
    while (static_cast<int64_t>(tokens_.size()) < count) {
      if (run_left_ == 0) {
        run_left_ = length;
        next_source_ =
            static_cast<int64_t>(runs_.Below(static_cast<uint64_t>(num_sources_ - length + 1)));
      }
      source_rows_.push_back(static_cast<size_t>(next_source_));
      tokens_.push_back(cache_.tokens()[static_cast<size_t>(first_source_ + next_source_)]);
      ++next_source_;
      --run_left_;
    }
  }

  void MakeRows(int layer) {
    const size_t key_elements = RowElements(layer, engine_.shape.head_dim);
    const size_t value_elements = RowElements(layer, engine_.shape.value_dim);
    keys_.resize(source_rows_.size() * key_elements);
    values_.resize(source_rows_.size() * value_elements);
    const LayerRows& from = sources_[static_cast<size_t>(layer)];
    Rng* noise = &noise_[static_cast<size_t>(layer)];
    for (size_t row = 0; row < source_rows_.size(); ++row) {
      const size_t source = source_rows_[row] % from.num_rows;
      CopyWithNoise(&from.keys[source * key_elements], key_elements, noise,
                    &keys_[row * key_elements]);
      CopyWithNoise(&from.values[source * value_elements], value_elements, noise,
                    &values_[row * value_elements]);
    }
  }

  Engine::Impl& engine_;
  SemanticCache& cache_;
  Rng runs_;
  std::vector<Rng> noise_;    // [num_layers], so that rows do not depend on how they are batched
  int64_t first_source_ = 0;  // the token
  int64_t num_sources_ = 0;
  std::vector<LayerRows> sources_;  // [num_layers]
  int64_t run_left_ = 0;
  int64_t next_source_ = 0;  // a row of the sources
  // Of the pass under way.
  std::vector<size_t> source_rows_;
  std::vector<int32_t> tokens_;
  std::vector<float> keys_;
  std::vector<float> values_;
};

Status Fill(Session* session, int64_t count, uint64_t seed, const std::atomic<bool>* cancel) {
  Filler filler(&session->impl(), seed);
  DYNSPLIT_RETURN_IF_ERROR(filler.ReadSources());
  const int64_t pass = session->impl().engine->batch_tokens();
  for (int64_t done = 0; done < count; done += pass) {
    if (cancel != nullptr && cancel->load()) return Cancelled("filling cancelled");
    DYNSPLIT_RETURN_IF_ERROR(filler.Append(std::min(pass, count - done)));
  }
  return {};
}

}  // namespace

Status FillSynthetically(Session* session, int64_t count, uint64_t seed,
                         const std::atomic<bool>* cancel) {
  const int64_t held = session->impl().cache.size();
  if (held <= kObservedSink) {
    return InvalidArgument("nothing to fill a context with: got " + std::to_string(held) +
                           " tokens read, wanted more than " + std::to_string(kObservedSink));
  }
  if (held + count > session->context_tokens()) {
    return ResourceExhausted("filling " + std::to_string(count) + " tokens after " +
                             std::to_string(held) + ", the context has room for " +
                             std::to_string(session->context_tokens()));
  }
  try {
    return Fill(session, count, seed, cancel);
  } catch (const std::bad_alloc&) {
    return ResourceExhausted("no memory to fill a context");
  }
}

}  // namespace dynsplit
