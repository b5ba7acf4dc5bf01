#include "kernels/column_mass.h"
#include "kernels/kernel_bench.h"

namespace dynsplit {
namespace {

// 64 rows of one KV head against 2048 keys: half the products of BM_CausalAttention2048.
void BM_ColumnMass2048(benchmark::State& state) {
  constexpr int kRows = 64;
  constexpr int64_t kKeys = 2048;
  const BenchShape shape = UseShape(state);
  const BenchPages pages(1, kKeys, shape.head_dim);
  const size_t row = static_cast<size_t>(shape.head_dim) * shape.group_heads;
  const auto queries = BenchFloats(kRows * row);
  const std::vector<float> lse(static_cast<size_t>(kRows) * shape.group_heads, 7.0f);
  std::vector<float> mass(kKeys);
  ColumnMassArgs args;
  args.queries = queries.data();
  args.query_row_stride = static_cast<int64_t>(row);
  args.lse = lse.data();
  args.lse_row_stride = shape.group_heads;
  args.rows = kRows;
  args.group_heads = shape.group_heads;
  args.scale = 1 / std::sqrt(static_cast<float>(shape.head_dim));
  args.first_position = kKeys - 1;
  args.kv = pages.View(0);
  args.keys = {0, kKeys};
  for (auto _ : state) {
    ColumnMass(args, mass.data());
    benchmark::ClobberMemory();
  }
  CountRate(state, "flop/s", 2.0 * kRows * kKeys * shape.head_dim * shape.group_heads);
}
BENCHMARK(BM_ColumnMass2048)->Apply(ShapeArguments);

}  // namespace
}  // namespace dynsplit
