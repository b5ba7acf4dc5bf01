#include "kernels/kernel_bench.h"
#include "kernels/tile_attention.h"

namespace dynsplit {
namespace {

// Decodes with the sequences of a model's layers in turn, so that keys and values come from memory
// (128 MiB of them) unless there is only one sequence.
void RunTiles(benchmark::State& state, int num_sequences, int tokens,
              const std::vector<Tile>& tiles) {
  const BenchShape shape = UseShape(state);
  const BenchPages pages(num_sequences, tokens, shape.head_dim);
  const auto queries = BenchFloats(static_cast<size_t>(shape.head_dim) * shape.group_heads);
  std::vector<SoftmaxState> states(shape.group_heads);
  std::vector<float> outputs(queries.size());
  TileAttentionArgs args;
  args.queries = queries.data();
  args.group_heads = shape.group_heads;
  args.scale = 1 / std::sqrt(static_cast<float>(shape.head_dim));
  args.tiles = tiles.data();
  args.num_tiles = static_cast<int>(tiles.size());
  int64_t sequence = 0;
  for (auto _ : state) {
    args.kv = pages.View(sequence++ % num_sequences);
    TileAttention(args, states.data(), outputs.data());
    benchmark::DoNotOptimize(outputs.data());
    benchmark::ClobberMemory();
  }
  double rows = 0;
  for (const Tile& tile : tiles) rows += tile.rows;
  CountRate(state, "flop/s", 4.0 * rows * shape.head_dim * shape.group_heads);
  CountRate(state, "bytes/s", 4.0 * rows * shape.head_dim);
}

std::vector<Tile> PageTiles(int tokens) {
  std::vector<Tile> tiles;
  for (int start = 0; start < tokens; start += kPageTokens) tiles.push_back({start, kPageTokens});
  return tiles;
}

void BM_TileAttentionFull(benchmark::State& state) {
  const int sequences = kBenchShapes[state.range(1)].head_dim == 64 ? 64 : 32;
  RunTiles(state, sequences, 8192, PageTiles(8192));
}
BENCHMARK(BM_TileAttentionFull)->Apply(ShapeArguments);

void BM_TileAttentionInCache(benchmark::State& state) { RunTiles(state, 1, 1024, PageTiles(1024)); }
BENCHMARK(BM_TileAttentionInCache)->Apply(ShapeArguments);

// 512 tokens in tiles of up to 16 rows, scattered over 8192.
void BM_TileAttentionChosen(benchmark::State& state) {
  Rng rng(3);
  std::vector<Tile> tiles;
  for (int32_t i = 0; i < 42; ++i) {
    tiles.push_back(
        {i * 192 + static_cast<int32_t>(rng.Below(48)), 8 + static_cast<int32_t>(rng.Below(9))});
  }
  const int sequences = kBenchShapes[state.range(1)].head_dim == 64 ? 64 : 32;
  RunTiles(state, sequences, 8192, tiles);
}
BENCHMARK(BM_TileAttentionChosen)->Apply(ShapeArguments);

void BM_MergeSoftmax(benchmark::State& state) {
  const int parts = 16, head_dim = 64;
  std::vector<SoftmaxState> states(parts, SoftmaxState{1, 2});
  const auto outputs = BenchFloats(parts * head_dim);
  std::vector<float> result(head_dim);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        MergeSoftmax(states.data(), outputs.data(), parts, 1, head_dim, result.data()));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(BM_MergeSoftmax);

}  // namespace
}  // namespace dynsplit
