#include "kernels/kernel_bench.h"
#include "kernels/summarize.h"

namespace dynsplit {
namespace {

// 8192 tokens in blocks of 12 with three means each.
void BM_Summarize(benchmark::State& state) {
  const BenchShape shape = UseShape(state);
  const int64_t tokens = 8192;
  const BenchPages pages(1, tokens, shape.head_dim);
  std::vector<f16> out(static_cast<size_t>(3) * shape.head_dim);
  for (auto _ : state) {
    for (int64_t start = 0; start + 12 <= tokens; start += 12) {
      Summarize(SummaryKind::kMean, pages.View(0), {start, start + 12}, 3, out.data());
      benchmark::ClobberMemory();
    }
  }
  CountRate(state, "bytes/s", 2.0 * static_cast<double>(tokens) * shape.head_dim);
}
BENCHMARK(BM_Summarize)->Apply(ShapeArguments);

}  // namespace
}  // namespace dynsplit
