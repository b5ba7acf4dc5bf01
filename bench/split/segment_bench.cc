// Speed of splitting, per token. What to expect on one core: the optimal search stays below 100 ns
// a token, so that a million tokens are cut in less than 100 ms.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/rng.h"
#include "split/boundary_score.h"
#include "split/delimiter_table.h"
#include "split/prose_classes.h"
#include "split/segmenter.h"

namespace dynsplit {
namespace {

// Arguments: tokens, Splitter, Search.
void BM_Segment(benchmark::State& state) {
  const int64_t n = state.range(0);
  SplitOptions options;
  options.splitter = static_cast<Splitter>(state.range(1));
  options.search = static_cast<Search>(state.range(2));
  const std::vector<DelimiterClass> classes = ProseClasses(static_cast<size_t>(n));
  ClassImportance learned;
  learned.weight = kOrderedPrior;
  const std::vector<float> weights = CutWeights(options, classes, learned, 0);
  size_t num_blocks = 0;
  int64_t undecided = 0;
  for (auto _ : state) {
    const std::vector<Block> blocks = SegmentOpen(options, weights, classes, 0, n);
    num_blocks = blocks.size();
    undecided = n - blocks.back().end();
  }
  state.SetItemsProcessed(state.iterations() * n);
  state.counters["tokens_per_block"] = static_cast<double>(n) / static_cast<double>(num_blocks);
  state.counters["undecided_tokens"] = static_cast<double>(undecided);
}
BENCHMARK(BM_Segment)
    ->ArgNames({"tokens", "splitter", "search"})
    ->ArgsProduct({{4096, 1000000},
                   {static_cast<int64_t>(Splitter::kDynamic),
                    static_cast<int64_t>(Splitter::kUniform),
                    static_cast<int64_t>(Splitter::kRandom)},
                   {static_cast<int64_t>(Search::kGreedy), static_cast<int64_t>(Search::kOptimal)}})
    ->Unit(benchmark::kMillisecond);

void BM_Classify(benchmark::State& state) {
  const std::vector<std::string> words = {" the", " boundary", ",",  " of", ".",    " it",   "\n\n",
                                          " 3",   ".",         "14", " s",  "plit", " text", ";"};
  const DelimiterTable table = DelimiterTable::Build(words, std::vector<uint8_t>(words.size(), 0));
  Rng rng(1);
  std::vector<int32_t> tokens(static_cast<size_t>(state.range(0)));
  for (int32_t& token : tokens) token = static_cast<int32_t>(rng.Below(words.size()));
  std::vector<DelimiterClass> classes(tokens.size());
  for (auto _ : state) {
    table.Classify(tokens, classes);
    benchmark::DoNotOptimize(classes.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Classify)->Arg(100000)->Unit(benchmark::kMillisecond);

void BM_BoundaryScorer(benchmark::State& state) {
  const std::vector<float> mass(1 + kBoundaryWindow + kBoundaryRetained, 0.01f);
  for (auto _ : state) {
    BoundaryScorer scorer(kBoundaryWindow, kBoundaryRetained, 4);
    for (int64_t p = 0; p < state.range(0); ++p) scorer.AddRow(p, mass, 1);
    benchmark::DoNotOptimize(scorer.mass().after.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_BoundaryScorer)->Arg(8192)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace dynsplit
