// Speed of a selection for one query row and KV head: with the scores of the summaries, and of the
// choice alone (kRandom has no scores to compute).
#include <benchmark/benchmark.h>

#include <vector>

#include "base/rng.h"
#include "kernels/kv_view.h"
#include "select/selector.h"

namespace dynsplit {
namespace {

constexpr int kHeadDim = 128;
constexpr int kGroupHeads = 6;
constexpr int kVectors = 3;

// One page of random keys stands for all: what they hold does not matter to the speed.
BlockIndex IndexOf(const std::vector<Block>& blocks) {
  Rng rng(1);
  AlignedBuffer<f16> page(PageElements(kHeadDim));
  for (f16& value : page.span()) value = static_cast<f16>(0x2c00 + rng.Below(0x1000));  // 1/16..1
  const int64_t num_pages = blocks.back().end() / kPageTokens + 1;
  const std::vector<const f16*> pages(static_cast<size_t>(num_pages), page.data());
  const std::vector<KvView> views = {{pages.data(), pages.data(), kHeadDim}};
  BlockIndex index({1, 1, kHeadDim, kVectors, Summary::kMean});
  index.Reserve(static_cast<int64_t>(blocks.size()));
  index.Fill(0, 0, blocks, views);
  return index;
}

// Arguments: blocks, Policy.
void BM_SelectBlocks(benchmark::State& state) {
  Rng rng(2);
  std::vector<Block> blocks;
  int32_t start = 0;
  for (int64_t b = 0; b < state.range(0); ++b) {
    blocks.push_back({start, 4 + static_cast<int32_t>(rng.Below(17))});
    start = blocks.back().end();
  }
  const BlockIndex index = IndexOf(blocks);
  std::vector<float> queries(kGroupHeads * kHeadDim);
  for (float& value : queries) value = static_cast<float>(rng.Uniform() - 0.5);
  Method method;
  method.policy = static_cast<Policy>(state.range(1));
  method.refine = 1;  // there are no keys to look at
  SelectInput input;
  input.queries = queries.data();
  input.group_heads = kGroupHeads;
  input.scale = 0.088f;
  input.index = &index;
  input.blocks = blocks;
  input.end_block = state.range(0);
  input.budget_tokens = 512;
  SelectScratch scratch;
  std::vector<int32_t> chosen;
  for (auto _ : state) {
    SelectBlocks(method, input, &scratch, &chosen);
    ++input.position;
  }
  int64_t tokens = 0;
  for (const int32_t b : chosen) tokens += blocks[b].length;
  state.counters["chosen_tokens"] = static_cast<double>(tokens);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_SelectBlocks)
    ->ArgNames({"blocks", "policy"})
    ->ArgsProduct({{700, 3000, 100000},
                   {static_cast<int64_t>(Policy::kTop), static_cast<int64_t>(Policy::kRandom)}})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace dynsplit
