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
// In f32 they take 47 MB for SmolLM2-135M.
constexpr int64_t kMostSources = 2048;
// Each element times 1 +- at most this: no two rows are equal, and no channel changes its size.
constexpr float kNoise = 0.125f;

// `count` is a multiple of 4, as every head_dim is.
void CopyWithNoise(const float* from, size_t count, Rng* rng, float* to) {
  for (size_t i = 0; i < count; i += 4) {
    uint64_t bits = rng->Next();
    for (size_t j = i; j < i + 4; ++j, bits >>= 16) {
      const float uniform = static_cast<float>(static_cast<int16_t>(bits & 0xffff)) * 0x1p-15f;
      to[j] = from[j] * (1 + kNoise * uniform);
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
    keys_.resize(static_cast<size_t>(count) * RowElements());
    values_.resize(keys_.size());
    for (int layer = 0; layer < engine_.shape.num_layers; ++layer) {
      MakeRows(static_cast<size_t>(layer));
      engine_.attention.Append(layer, keys_.data(), values_.data(), {});
    }
    DYNSPLIT_RETURN_IF_ERROR(engine_.attention.status());
    DYNSPLIT_RETURN_IF_ERROR(cache_.PrepareCommit(tokens_));
    cache_.Commit(tokens_, {});
    return {};
  }

 private:
  // [rows, kv_heads, head_dim] in f32, as AttentionBatch::Append takes them.
  struct LayerRows {
    std::vector<float> keys;
    std::vector<float> values;
  };

  size_t RowElements() const {
    return static_cast<size_t>(engine_.shape.kv_heads) *
           static_cast<size_t>(engine_.shape.head_dim);
  }

  Status ReadSources(int layer) {
    const TokenRange tokens = {first_source_, cache_.size()};
    const auto head_dim = static_cast<size_t>(engine_.shape.head_dim);
    LayerRows rows;
    rows.keys.resize(static_cast<size_t>(num_sources_) * RowElements());
    rows.values.resize(rows.keys.size());
    for (int head = 0; head < engine_.shape.kv_heads; ++head) {
      PinnedPages pages(cache_.pages(), layer, head);
      DYNSPLIT_RETURN_IF_ERROR(pages.Pin(KvPart::kKeys, tokens));
      DYNSPLIT_RETURN_IF_ERROR(pages.Pin(KvPart::kValues, tokens));
      DecodedPages decoded_keys, decoded_values;
      const KvView keys = decoded_keys.Decode(pages.view(), KvPart::kKeys, tokens);
      const KvView values = decoded_values.Decode(pages.view(), KvPart::kValues, tokens);
      for (int64_t token = tokens.start; token < tokens.end; ++token) {
        const size_t to = static_cast<size_t>(token - tokens.start) * RowElements() +
                          static_cast<size_t>(head) * head_dim;
        std::transform(keys.Key(token), keys.Key(token) + head_dim, &rows.keys[to], F32FromF16);
        std::transform(values.Value(token), values.Value(token) + head_dim, &rows.values[to],
                       F32FromF16);
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

  void MakeRows(size_t layer) {
    const size_t elements = RowElements();
    const LayerRows& from = sources_[layer];
    for (size_t row = 0; row < source_rows_.size(); ++row) {
      const size_t source = source_rows_[row] * elements;
      CopyWithNoise(&from.keys[source], elements, &noise_[layer], &keys_[row * elements]);
      CopyWithNoise(&from.values[source], elements, &noise_[layer], &values_[row * elements]);
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
