// What blocks of variable length cost beside blocks of a fixed interval, and what of that V2F
// saves: the ablation of method.md section 4. `v2f_table.py` makes the table of docs/performance.md
// from the output.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <utility>

#include "kernels/kernel_bench.h"
#include "kernels/tile_attention.h"
#include "split/block_attention.h"
#include "split/prose_classes.h"
#include "split/segmenter.h"
#include "split/tile_map.h"

namespace dynsplit {
namespace {

constexpr int64_t kBudget = 512;                 // tokens
constexpr int64_t kMemory = int64_t{128} << 20;  // bytes of keys and values: beyond every cache

// How a text is cut: C 16 and Delta 8, so that lengths are 8 to 24, or the defaults (1 to 9).
struct BenchSplit {
  int block_tokens;
  int search_range;
};
constexpr BenchSplit kSplits[] = {{16, 8}, {5, 4}};

// The arguments of a benchmark: those of UseShape, then the index of a split, the tokens of the
// context, and whether keys and values come from memory or from the cache.
struct Setting {
  explicit Setting(benchmark::State& state)
      : shape(UseShape(state)),
        split(kSplits[state.range(2)]),
        context(state.range(3)),
        from_memory(state.range(4) != 0) {}

  BenchShape shape;
  BenchSplit split;
  int64_t context;
  bool from_memory;
};

std::vector<Block> Blocks(const BenchSplit& split, Splitter splitter, int64_t context) {
  SplitOptions options;
  options.splitter = splitter;
  options.block_tokens = split.block_tokens;
  options.search_range = splitter == Splitter::kFixed ? 0 : split.search_range;
  ClassImportance learned;
  learned.weight = kOrderedPrior;
  const std::vector<DelimiterClass> classes = ProseClasses(static_cast<size_t>(context));
  return Segment(options, CutWeights(options, classes, learned, 0), classes, 0, context);
}

// One choice after the other of random blocks with kBudget tokens (the last one is cut to fit), of
// which no two share a block: together they read nearly the whole context.
std::vector<std::vector<TokenRange>> Choices(const std::vector<Block>& blocks) {
  Rng rng(4);
  std::vector<Block> order = blocks;
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.Below(i)]);
  std::vector<std::vector<TokenRange>> choices;
  std::vector<TokenRange> choice;
  int64_t room = kBudget;
  for (const Block& block : order) {
    const int64_t length = std::min<int64_t>(block.length, room);
    choice.push_back({block.start, block.start + length});
    room -= length;
    if (room > 0) continue;
    std::sort(choice.begin(), choice.end(),
              [](const TokenRange& a, const TokenRange& b) { return a.start < b.start; });
    choices.push_back(std::exchange(choice, {}));
    room = kBudget;
  }
  return choices;
}

// Kept for the next repetition: it takes a second to fill.
const BenchPages& PagesOf(int64_t context, int head_dim) {
  static std::map<std::pair<int64_t, int>, std::unique_ptr<BenchPages>> kept;
  std::unique_ptr<BenchPages>& pages = kept[{context, head_dim}];
  const int64_t sequences = kMemory / (context * head_dim * 4);
  if (!pages) pages = std::make_unique<BenchPages>(static_cast<int>(sequences), context, head_dim);
  return *pages;
}

// The work of one decoded token after the other: another sequence (layer) with another choice each
// time, until every sequence had every choice. From the cache: the first of both only.
class Decoding {
 public:
  Decoding(const Setting& setting, Splitter splitter)
      : pages_(PagesOf(setting.context, setting.shape.head_dim)),
        queries_(
            BenchFloats(static_cast<size_t>(setting.shape.head_dim) * setting.shape.group_heads)),
        choices_(Choices(Blocks(setting.split, splitter, setting.context))) {
    args_.queries = queries_.data();
    args_.group_heads = setting.shape.group_heads;
    args_.scale = 1 / std::sqrt(static_cast<float>(setting.shape.head_dim));
    sequences_ = kMemory / (setting.context * setting.shape.head_dim * 4);
    if (!setting.from_memory) {
      sequences_ = 1;
      choices_.resize(1);
    }
  }

  const BlockAttentionArgs& Next() {
    const int64_t sequence = next_ % sequences_;
    const int64_t round = next_++ / sequences_;
    args_.kv = pages_.View(sequence);
    args_.blocks = choices_[static_cast<size_t>(sequence + round) % choices_.size()];
    return args_;
  }
  const BlockAttentionArgs& args() const { return args_; }
  size_t num_outputs() const { return queries_.size(); }

 private:
  const BenchPages& pages_;
  std::vector<float> queries_;
  std::vector<std::vector<TokenRange>> choices_;
  int64_t sequences_ = 1;
  int64_t next_ = 0;
  BlockAttentionArgs args_;
};

// Wants the output to be that of the readable kernel: a benchmark of anything else says nothing.
void CheckOutput(const BlockAttentionArgs& args, BlockAttentionFn* attend) {
  std::vector<Tile> tiles;
  AppendTiles(args.blocks, kPageTokens, &tiles);
  const size_t num_outputs = static_cast<size_t>(args.group_heads) * args.kv.head_dim;
  std::vector<SoftmaxState> states(args.group_heads);
  std::vector<float> want(num_outputs), got(num_outputs);
  TileAttentionRef({.queries = args.queries,
                    .group_heads = args.group_heads,
                    .scale = args.scale,
                    .kv = args.kv,
                    .tiles = tiles.data(),
                    .num_tiles = static_cast<int>(tiles.size())},
                   states.data(), want.data());
  BlockAttentionScratch scratch;
  attend(args, &scratch, got.data());
  for (size_t i = 0; i < num_outputs; ++i) {
    const float sum = states[i / args.kv.head_dim].sum;
    DYNSPLIT_CHECK(std::abs(got[i] - want[i] / sum) < 2e-6f);
  }
}

void BM_BlockAttention(benchmark::State& state, BlockAttentionFn* attend, Splitter splitter) {
  const Setting setting(state);
  Decoding decoding(setting, splitter);
  for (int i = 0; i < 3; ++i) CheckOutput(decoding.Next(), attend);
  BlockAttentionScratch scratch;
  std::vector<float> outputs(decoding.num_outputs());
  int64_t blocks = 0;
  for (auto _ : state) {
    const BlockAttentionArgs& args = decoding.Next();
    attend(args, &scratch, outputs.data());
    blocks += static_cast<int64_t>(args.blocks.size());
    benchmark::DoNotOptimize(outputs.data());
    benchmark::ClobberMemory();
  }
  state.counters["blocks"] =
      benchmark::Counter(static_cast<double>(blocks), benchmark::Counter::kAvgIterations);
}

void ArgumentsOf(benchmark::internal::Benchmark* bench, const std::vector<int64_t>& contexts,
                 const std::vector<int64_t>& memory) {
  std::vector<int64_t> isas(AvailableIsas().size());
  std::iota(isas.begin(), isas.end(), 0);
  bench->ArgNames({"isa", "shape", "split", "context", "memory"})
      ->ArgsProduct({isas, {0, 1}, {0, 1}, contexts, memory})
      ->Unit(benchmark::kMicrosecond);
}

void SettingArguments(benchmark::internal::Benchmark* bench) {
  ArgumentsOf(bench, {8192, 32768}, {0, 1});
}

void HeadTableArguments(benchmark::internal::Benchmark* bench) { ArgumentsOf(bench, {8192}, {1}); }

BENCHMARK_CAPTURE(BM_BlockAttention, fixed, AttendTiles, Splitter::kFixed)->Apply(SettingArguments);
BENCHMARK_CAPTURE(BM_BlockAttention, ragged, AttendRagged, Splitter::kDynamic)
    ->Apply(SettingArguments);
BENCHMARK_CAPTURE(BM_BlockAttention, padded, AttendPadded, Splitter::kDynamic)
    ->Apply(SettingArguments);
BENCHMARK_CAPTURE(BM_BlockAttention, padded_in_place, AttendPaddedInPlace, Splitter::kDynamic)
    ->Apply(SettingArguments);
BENCHMARK_CAPTURE(BM_BlockAttention, v2f, AttendTiles, Splitter::kDynamic)->Apply(SettingArguments);

// The heads of a layer choose blocks of other lengths, so their tables differ in length until they
// are padded: what the same number of tiles for all of them costs.
void BM_HeadTables(benchmark::State& state, bool padded) {
  constexpr size_t kHeads = 8;
  const Setting setting(state);
  Decoding decoding(setting, Splitter::kDynamic);
  const BlockAttentionArgs& args = decoding.args();
  std::vector<SoftmaxState> states(args.group_heads);
  std::vector<float> outputs(decoding.num_outputs());
  std::vector<Tile> tables[kHeads];
  KvView views[kHeads];
  int64_t num_tiles = 0, num_padded = 0;
  for (auto _ : state) {
    size_t most = 0;
    for (size_t h = 0; h < kHeads; ++h) {
      decoding.Next();
      views[h] = args.kv;
      tables[h].clear();
      AppendTiles(args.blocks, kTileTokens, &tables[h]);
      most = std::max(most, tables[h].size());
      num_tiles += static_cast<int64_t>(tables[h].size());
    }
    num_padded += static_cast<int64_t>(most * kHeads);
    for (size_t h = 0; h < kHeads; ++h) {
      if (padded) PadTiles(most, &tables[h]);
      TileAttention({.queries = args.queries,
                     .group_heads = args.group_heads,
                     .scale = args.scale,
                     .kv = views[h],
                     .tiles = tables[h].data(),
                     .num_tiles = static_cast<int>(tables[h].size())},
                    states.data(), outputs.data());
      benchmark::DoNotOptimize(outputs.data());
      benchmark::ClobberMemory();
    }
  }
  state.counters["padding_%"] =
      100 * static_cast<double>(num_padded - num_tiles) / static_cast<double>(num_tiles);
}
BENCHMARK_CAPTURE(BM_HeadTables, own, false)->Apply(HeadTableArguments);
BENCHMARK_CAPTURE(BM_HeadTables, padded, true)->Apply(HeadTableArguments);

}  // namespace
}  // namespace dynsplit
