#include "kernels/append_rows.h"
#include "kernels/kernel_bench.h"

namespace dynsplit {
namespace {

void BM_AppendRows(benchmark::State& state) {
  const BenchShape shape = UseShape(state);
  const int rows = 512;
  const auto from = BenchFloats(static_cast<size_t>(rows) * shape.head_dim);
  AlignedBuffer<f16> memory(PageElements(shape.head_dim) * rows / kPageTokens);
  std::vector<f16*> pages;
  for (int i = 0; i < rows / kPageTokens; ++i) {
    pages.push_back(memory.data() + i * PageElements(shape.head_dim));
  }
  for (auto _ : state) {
    AppendRows({from.data(), from.data(), shape.head_dim, 0, rows, shape.head_dim, pages.data()});
    benchmark::ClobberMemory();
  }
  CountRate(state, "bytes/s", 4.0 * rows * shape.head_dim);
}
BENCHMARK(BM_AppendRows)->Apply(ShapeArguments);

}  // namespace
}  // namespace dynsplit
