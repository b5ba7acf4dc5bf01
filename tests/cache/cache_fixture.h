// A sequence of random queries, keys and values run through AttentionBatch by several threads, and
// plain double-precision attention over any set of tokens to compare with.
#pragma once

#include <barrier>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/rng.h"
#include "cache/attention_batch.h"
#include "cache/semantic_cache.h"
#include "kernels/score_cap.h"

namespace dynsplit {

inline constexpr CacheShape kTestShape{
    .num_layers = 6, .num_heads = 6, .kv_heads = 2, .head_dim = 16};

// Vocabulary of the tests: 0 a letter, 1 a full stop, 2 a newline, 3 a space and a letter.
inline std::shared_ptr<const DelimiterTable> TestDelimiters() {
  const std::vector<std::string> bytes = {"a", ".", "\n", " b"};
  const std::vector<uint8_t> turn(bytes.size());
  return std::make_shared<const DelimiterTable>(DelimiterTable::Build(bytes, turn));
}

// Random [rows, heads, width] per layer, the same for the same seed and position, and for all of
// `alike` consecutive positions.
class RandomRows {
 public:
  explicit RandomRows(uint64_t seed, float size = 1, int alike = 1)
      : seed_(seed), size_(size), alike_(alike) {}

  std::vector<float> Rows(int layer, int64_t first, int rows, int heads,
                          int width = kTestShape.head_dim) const {
    std::vector<float> values;
    for (int64_t row = first; row < first + rows; ++row) {
      Rng rng(seed_ + static_cast<uint64_t>(row / alike_ * 1000 + layer));
      for (int i = 0; i < heads * width; ++i) {
        values.push_back(size_ * static_cast<float>(2 * rng.Uniform() - 1));
      }
    }
    return values;
  }

 private:
  uint64_t seed_;
  float size_;
  int alike_;
};

struct TestSequence {
  TestSequence(PagePool* pool, const Method& method, uint64_t seed = 1,
               const Observation& observation = {}, const CacheShape& shape = kTestShape)
      : cache(shape, method, pool, TestDelimiters(), {.threads = 2, .observation = observation}),
        queries(seed, 3),
        keys(seed + 1000000007),
        values(seed + 2000000011) {}

  SemanticCache cache;
  RandomRows queries;
  RandomRows keys;
  RandomRows values;
};

struct TestPass {
  TestSequence* sequence;
  int rows;
  Attention attention;
};

inline std::vector<int32_t> TestTokens(int64_t first, int rows) {
  std::vector<int32_t> tokens;
  for (int64_t i = first; i < first + rows; ++i) {
    tokens.push_back(i % 40 == 39 ? 2 : i % 13 == 12 ? 1 : i % 3 == 0 ? 3 : 0);
  }
  return tokens;
}

// Runs all layers of a pass and commits it, unless something goes wrong. Outputs
// [layers][rows, heads, value_dim].
inline Status TryPasses(AttentionBatch* batch, const std::vector<TestPass>& passes, int num_workers,
                        std::vector<std::vector<float>>* outputs) {
  std::vector<Span> spans;
  int rows = 0;
  for (const TestPass& pass : passes) {
    SemanticCache& cache = pass.sequence->cache;
    DYNSPLIT_RETURN_IF_ERROR(cache.Begin(TestTokens(cache.size(), pass.rows), pass.attention));
    spans.push_back({&cache, rows, pass.rows, pass.attention});
    rows += pass.rows;
  }
  batch->Begin(spans);
  const CacheShape& shape = passes.front().sequence->cache.shape();
  const auto gather = [&](int layer, RandomRows TestSequence::*source, int heads, int width) {
    std::vector<float> all;
    for (const TestPass& pass : passes) {
      const auto part = (pass.sequence->*source)
                            .Rows(layer, pass.sequence->cache.size(), pass.rows, heads, width);
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  };
  outputs->clear();
  for (int layer = 0; layer < shape.num_layers; ++layer) {
    const int kv_heads = shape.KvHeads(layer);
    const auto q = gather(layer, &TestSequence::queries, shape.num_heads, shape.head_dim);
    const auto k = gather(layer, &TestSequence::keys, kv_heads, shape.head_dim);
    const auto v = gather(layer, &TestSequence::values, kv_heads, shape.value_dim);
    std::vector<float> out(static_cast<size_t>(rows * shape.num_heads * shape.value_dim));
    std::barrier barrier(num_workers);
    std::vector<std::jthread> threads;
    for (int w = 0; w < num_workers; ++w) {
      threads.emplace_back([&, w] {
        const Worker worker{w, num_workers};
        batch->Append(layer, k.data(), v.data(), worker);
        barrier.arrive_and_wait();
        batch->Select(layer, q.data(), worker);
        barrier.arrive_and_wait();
        batch->Attend(layer, q.data(), out.data(), worker);
        barrier.arrive_and_wait();
        if (batch->Observes(layer)) batch->Observe(layer, q.data(), worker);
      });
    }
    threads.clear();
    outputs->push_back(std::move(out));
  }
  DYNSPLIT_RETURN_IF_ERROR(batch->status());
  for (const TestPass& pass : passes) {
    SemanticCache& cache = pass.sequence->cache;
    DYNSPLIT_RETURN_IF_ERROR(cache.PrepareCommit(TestTokens(cache.size(), pass.rows)));
  }
  for (size_t i = 0; i < passes.size(); ++i) {
    SemanticCache& cache = passes[i].sequence->cache;
    cache.Commit(TestTokens(cache.size(), passes[i].rows), batch->ObservedOf(i));
  }
  return {};
}

inline Status TryPass(AttentionBatch* batch, const TestPass& pass, int num_workers,
                      std::vector<std::vector<float>>* outputs) {
  return TryPasses(batch, {pass}, num_workers, outputs);
}

// The same, of what cannot go wrong.
inline std::vector<std::vector<float>> RunPass(AttentionBatch* batch, std::vector<TestPass> passes,
                                               int num_workers) {
  std::vector<std::vector<float>> outputs;
  const Status status = TryPasses(batch, passes, num_workers, &outputs);
  if (!status.ok()) throw std::runtime_error(status.ToString());  // what follows would be nonsense
  return outputs;
}

// Attention of the query at `position` over `tokens`, [heads, value_dim], in double precision.
inline std::vector<double> PlainAttention(const TestSequence& sequence, int layer, int64_t position,
                                          const std::vector<int64_t>& tokens) {
  const CacheShape& shape = sequence.cache.shape();
  const int d = shape.head_dim, value_dim = shape.value_dim;
  const auto q = sequence.queries.Rows(layer, position, 1, shape.num_heads, d);
  std::vector<double> out;
  for (int h = 0; h < shape.num_heads; ++h) {
    const int g = h / shape.GroupHeads(layer);
    std::vector<double> sums(static_cast<size_t>(value_dim));
    double total = 0;
    for (const int64_t token : tokens) {
      const auto k = sequence.keys.Rows(layer, token, 1, shape.KvHeads(layer), d);
      const auto v = sequence.values.Rows(layer, token, 1, shape.KvHeads(layer), value_dim);
      double score = 0;
      for (int i = 0; i < d; ++i) score += double{q[h * d + i]} * k[g * d + i];
      const double weight = std::exp(CappedScore(score * shape.Scale(), shape.score_cap));
      total += weight;
      for (int i = 0; i < value_dim; ++i) sums[i] += weight * v[g * value_dim + i];
    }
    for (const double sum : sums) out.push_back(sum / total);
  }
  return out;
}

inline std::vector<int64_t> AllTokens(int64_t end) {
  std::vector<int64_t> tokens(static_cast<size_t>(end));
  for (int64_t i = 0; i < end; ++i) tokens[static_cast<size_t>(i)] = i;
  return tokens;
}

}  // namespace dynsplit
