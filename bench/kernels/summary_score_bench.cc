#include "kernels/kernel_bench.h"
#include "kernels/summary_score.h"

namespace dynsplit {
namespace {

// Summaries of 8192 tokens in blocks of 12 with `vectors` each, from memory: 64 heads in turn.
void RunScore(benchmark::State& state, SummaryKind kind, int vectors) {
  const BenchShape shape = UseShape(state);
  const int64_t num_blocks = 8192 / 12, sequences = 64;
  const size_t elements = static_cast<size_t>(num_blocks) * vectors * shape.head_dim;
  AlignedBuffer<f16> summaries(elements * sequences);
  for (f16& value : summaries.span()) value = 0x3400;
  const auto queries = BenchFloats(static_cast<size_t>(shape.head_dim) * shape.group_heads);
  std::vector<float> scores(static_cast<size_t>(num_blocks) * shape.group_heads);
  SummaryScoreArgs args;
  args.kind = kind;
  args.queries = queries.data();
  args.group_heads = shape.group_heads;
  args.head_dim = shape.head_dim;
  args.vectors = vectors;
  args.num_blocks = num_blocks;
  size_t sequence = 0;
  for (auto _ : state) {
    args.summaries = summaries.data() + elements * (sequence++ % sequences);
    SummaryScore(args, scores.data(), num_blocks);
    benchmark::ClobberMemory();
  }
  CountRate(state, "bytes/s", 2.0 * static_cast<double>(elements));
  CountRate(state, "flop/s", 2.0 * static_cast<double>(elements) * shape.group_heads);
}

void BM_SummaryScoreMean(benchmark::State& state) { RunScore(state, SummaryKind::kMean, 3); }
BENCHMARK(BM_SummaryScoreMean)->Apply(ShapeArguments);

void BM_SummaryScoreMinMax(benchmark::State& state) { RunScore(state, SummaryKind::kMinMax, 2); }
BENCHMARK(BM_SummaryScoreMinMax)->Apply(ShapeArguments);

void BM_PoolScores(benchmark::State& state) {
  const BenchShape shape = UseShape(state);
  const int64_t num_blocks = 8192 / 12;
  auto scores = BenchFloats(static_cast<size_t>(num_blocks) * shape.group_heads);
  std::vector<float> pooled(static_cast<size_t>(num_blocks));
  for (auto _ : state) {
    PoolScores(scores.data(), num_blocks, shape.group_heads, num_blocks, pooled.data());
    benchmark::ClobberMemory();
  }
  CountRate(state, "scores/s", static_cast<double>(num_blocks) * shape.group_heads);
}
BENCHMARK(BM_PoolScores)->Apply(ShapeArguments);

}  // namespace
}  // namespace dynsplit
