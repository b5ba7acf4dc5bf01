#include "kernels/causal_attention.h"
#include "kernels/kernel_bench.h"

namespace dynsplit {
namespace {

// One block of 64 rows at the end of a prompt of `tokens` tokens.
void RunCausal(benchmark::State& state, int tokens) {
  const BenchShape shape = UseShape(state);
  const BenchPages pages(1, tokens, shape.head_dim);
  const int64_t stride = int64_t{shape.head_dim} * shape.group_heads;
  const auto queries = BenchFloats(static_cast<size_t>(stride) * kMaxQueryRows);
  std::vector<float> outputs(queries.size());
  std::vector<float> lse(static_cast<size_t>(shape.group_heads) * kMaxQueryRows);
  AlignedBuffer<float> scratch(
      CausalAttentionScratch(shape.head_dim, shape.head_dim, shape.group_heads));
  CausalAttentionArgs args;
  args.queries = queries.data();
  args.query_row_stride = stride;
  args.rows = kMaxQueryRows;
  args.group_heads = shape.group_heads;
  args.scale = 1 / std::sqrt(static_cast<float>(shape.head_dim));
  args.first_position = tokens - kMaxQueryRows;
  args.kv = pages.View(0);
  args.outputs = outputs.data();
  args.output_row_stride = stride;
  args.lse = lse.data();
  args.lse_row_stride = shape.group_heads;
  for (auto _ : state) {
    CausalAttention(args, scratch.data());
    benchmark::DoNotOptimize(outputs.data());
    benchmark::ClobberMemory();
  }
  const double keys_per_row = static_cast<double>(args.first_position) + (kMaxQueryRows + 1) / 2.0;
  CountRate(state, "flop/s", 4.0 * keys_per_row * kMaxQueryRows * static_cast<double>(stride));
}

void BM_CausalAttention512(benchmark::State& state) { RunCausal(state, 512); }
BENCHMARK(BM_CausalAttention512)->Apply(ShapeArguments);

void BM_CausalAttention2048(benchmark::State& state) { RunCausal(state, 2048); }
BENCHMARK(BM_CausalAttention2048)->Apply(ShapeArguments);

}  // namespace
}  // namespace dynsplit
