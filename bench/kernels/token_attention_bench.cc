// A second look and what it chooses: keys of scattered blocks scored, single values summed.
#include "kernels/kernel_bench.h"
#include "kernels/key_score.h"
#include "kernels/token_attention.h"
#include "kernels/top_indices.h"

namespace dynsplit {
namespace {

constexpr int kTokens = 8192;

// Every `stride`-th run of `length` tokens, from memory: 128 MiB of sequences in turn.
struct ScatteredBench {
  ScatteredBench(const BenchShape& shape, int length, int stride)
      : sequences(shape.head_dim == 64 ? 64 : 32), pages(sequences, kTokens, shape.head_dim) {
    for (int32_t start = 0; start + length <= kTokens; start += stride) {
      for (int32_t i = 0; i < length; ++i) tokens.push_back(start + i);
    }
  }

  int sequences;
  BenchPages pages;
  std::vector<int32_t> tokens;
};

void BM_KeyScore(benchmark::State& state) {
  const BenchShape shape = UseShape(state);
  const ScatteredBench bench(shape, 5, 20);
  const auto queries = BenchFloats(static_cast<size_t>(shape.head_dim) * shape.group_heads);
  const auto num_tokens = static_cast<int64_t>(bench.tokens.size());
  std::vector<float> scores(bench.tokens.size() * shape.group_heads);
  int64_t sequence = 0;
  for (auto _ : state) {
    KeyScore({.queries = queries.data(),
              .group_heads = shape.group_heads,
              .kv = bench.pages.View(sequence++ % bench.sequences),
              .tokens = bench.tokens.data(),
              .num_tokens = num_tokens},
             scores.data(), num_tokens);
    benchmark::ClobberMemory();
  }
  CountRate(state, "bytes/s", 2.0 * static_cast<double>(num_tokens) * shape.head_dim);
}
BENCHMARK(BM_KeyScore)->Apply(ShapeArguments);

void BM_TokenAttention(benchmark::State& state) {
  const BenchShape shape = UseShape(state);
  const ScatteredBench bench(shape, 1, 15);
  const auto num_tokens = static_cast<int64_t>(bench.tokens.size());
  const auto scores = BenchFloats(bench.tokens.size() * shape.group_heads);
  std::vector<SoftmaxState> states(shape.group_heads);
  std::vector<float> outputs(static_cast<size_t>(shape.head_dim) * shape.group_heads);
  int64_t sequence = 0;
  for (auto _ : state) {
    TokenAttention({.scores = scores.data(),
                    .score_stride = num_tokens,
                    .group_heads = shape.group_heads,
                    .kv = bench.pages.View(sequence++ % bench.sequences),
                    .tokens = bench.tokens.data(),
                    .num_tokens = num_tokens},
                   states.data(), outputs.data());
    benchmark::ClobberMemory();
  }
  CountRate(state, "bytes/s", 2.0 * static_cast<double>(num_tokens) * shape.head_dim);
}
BENCHMARK(BM_TokenAttention)->Apply(ShapeArguments);

// A quarter of so many values: the share of a second look.
void BM_TopIndices(benchmark::State& state) {
  UseIsa(state);
  const auto values = BenchFloats(static_cast<size_t>(state.range(1)));
  TopIndicesScratch scratch;
  std::vector<int32_t> indices;
  for (auto _ : state) {
    TopIndices(values, state.range(1) / state.range(2), &scratch, &indices);
    benchmark::DoNotOptimize(indices.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}
// Of so many, one of so many: tokens of a second look, and blocks of 131,072 tokens.
BENCHMARK(BM_TopIndices)->ArgsProduct({{0, 1}, {2048}, {4}})->ArgsProduct({{0, 1}, {26000}, {32}});

}  // namespace
}  // namespace dynsplit
