#include "kernels/kernel_bench.h"
#include "kernels/key_novelty.h"

namespace dynsplit {
namespace {

// 8192 cuts of one KV head, four keys on either side. Compare with BM_Summarize: splitting looks at
// the keys of three layers, the index at those of all.
void BM_KeyNovelty(benchmark::State& state) {
  const BenchShape shape = UseShape(state);
  const int64_t tokens = 8192;
  const BenchPages pages(1, tokens, shape.head_dim);
  std::vector<float> novelty(static_cast<size_t>(tokens));
  for (auto _ : state) {
    KeyNovelty({.kv = pages.View(0), .keys = {0, tokens}, .cuts = {0, tokens}, .window = 4},
               novelty.data());
    benchmark::ClobberMemory();
  }
  CountRate(state, "bytes/s", 2.0 * static_cast<double>(tokens) * shape.head_dim);
}
BENCHMARK(BM_KeyNovelty)->Apply(ShapeArguments);

}  // namespace
}  // namespace dynsplit
