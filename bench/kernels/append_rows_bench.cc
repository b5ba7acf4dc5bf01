#include "kernels/append_rows.h"
#include "kernels/kernel_bench.h"

namespace dynsplit {
namespace {

void BM_AppendRows(benchmark::State& state) {
  const BenchShape shape = UseShape(state);
  const int rows = 512;
  const auto from = BenchFloats(static_cast<size_t>(rows) * shape.head_dim);
  const size_t page = PageElements(shape.head_dim);
  AlignedBuffer<f16> memory(2 * page * rows / kPageTokens);
  std::vector<f16*> keys, values;
  for (size_t at = 0; at < memory.size(); at += 2 * page) {
    keys.push_back(memory.data() + at);
    values.push_back(memory.data() + at + page);
  }
  for (auto _ : state) {
    AppendRows({from.data(), from.data(), shape.head_dim, 0, rows, shape.head_dim, keys.data(),
                values.data()});
    benchmark::ClobberMemory();
  }
  CountRate(state, "bytes/s", 4.0 * rows * shape.head_dim);
}
BENCHMARK(BM_AppendRows)->Apply(ShapeArguments);

}  // namespace
}  // namespace dynsplit
