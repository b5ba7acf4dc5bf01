#include "kernels/int2.h"
#include "kernels/kernel_bench.h"
#include "kernels/quantize_summary.h"
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

// The three means of one block.
void BM_QuantizeSummary(benchmark::State& state) {
  const BenchShape shape = UseShape(state);
  const std::vector<f16> summary(static_cast<size_t>(3) * shape.head_dim, 0x3555);
  std::vector<int8_t> int8s(summary.size());
  float scales[3];
  for (auto _ : state) {
    QuantizeSummary({.summary = summary.data(), .vectors = 3, .head_dim = shape.head_dim},
                    int8s.data(), scales);
    benchmark::ClobberMemory();
  }
  CountRate(state, "bytes/s", 2.0 * static_cast<double>(summary.size()));
}
BENCHMARK(BM_QuantizeSummary)->Apply(ShapeArguments);

// The vectors of a chunk of the index: 64 blocks with four each.
void BM_QuantizeInt2(benchmark::State& state) {
  const BenchShape shape = UseShape(state);
  constexpr int kVectors = 256;
  const std::vector<f16> vectors(static_cast<size_t>(kVectors) * shape.head_dim, 0x3555);
  const std::vector<f16> scale(Int2ScaleElements(shape.head_dim), 0x3400);
  std::vector<uint8_t> groups(Int2Bytes(shape.head_dim, kVectors));
  for (auto _ : state) {
    QuantizeInt2({vectors.data(), kVectors, shape.head_dim}, scale.data(), 0, groups.data());
    benchmark::ClobberMemory();
  }
  CountRate(state, "bytes/s", 2.0 * static_cast<double>(vectors.size()));
}
BENCHMARK(BM_QuantizeInt2)->Apply(ShapeArguments);

}  // namespace
}  // namespace dynsplit
