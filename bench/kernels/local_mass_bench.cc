#include "kernels/kernel_bench.h"
#include "kernels/local_mass.h"

namespace dynsplit {
namespace {

// One row of one KV head: 4 sink tokens and a window of 16 + 64. Compare with a 64th of
// BM_CausalAttention2048.
void BM_LocalMass(benchmark::State& state) {
  const BenchShape shape = UseShape(state);
  const BenchPages pages(1, 2048, shape.head_dim);
  const auto queries = BenchFloats(static_cast<size_t>(shape.head_dim) * shape.group_heads);
  const std::vector<float> lse(shape.group_heads, 7.0f);
  std::vector<float> mass(81);
  LocalMassArgs args;
  args.queries = queries.data();
  args.lse = lse.data();
  args.group_heads = shape.group_heads;
  args.scale = 1 / std::sqrt(static_cast<float>(shape.head_dim));
  args.kv = pages.View(0);
  args.position = 1999;
  args.sink = 4;
  args.window = 80;
  for (auto _ : state) {
    LocalMass(args, mass.data());
    benchmark::ClobberMemory();
  }
  CountRate(state, "flop/s", 2.0 * 84 * shape.head_dim * shape.group_heads);
}
BENCHMARK(BM_LocalMass)->Apply(ShapeArguments);

}  // namespace
}  // namespace dynsplit
