#include <algorithm>
#include <vector>

#include "base/check.h"
#include "kernels/local_mass.h"
#include "kernels/tile_attention.h"
#include "select/policies.h"
#include "select/take_best.h"

namespace dynsplit {
namespace {

// The tokens before `end`, cut where pages end.
std::vector<Tile> PageTiles(int64_t end) {
  std::vector<Tile> tiles;
  for (int64_t start = 0; start < end; start += kPageTokens) {
    tiles.push_back({static_cast<int32_t>(start),
                     static_cast<int32_t>(std::min<int64_t>(kPageTokens, end - start))});
  }
  return tiles;
}

// Log-sum-exp of each head's scores of all keys up to the row, [group_heads].
std::vector<float> LogSumExps(const SelectInput& input) {
  const std::vector<Tile> tiles = PageTiles(input.position + 1);
  const size_t heads = static_cast<size_t>(input.group_heads);
  std::vector<SoftmaxState> states(heads);
  AlignedBuffer<float> outputs(heads * static_cast<size_t>(input.kv.value_dim));
  TileAttention({.queries = input.queries,
                 .group_heads = input.group_heads,
                 .scale = input.scale,
                 .score_cap = input.score_cap,
                 .kv = input.kv,
                 .tiles = tiles.data(),
                 .num_tiles = static_cast<int>(tiles.size())},
                states.data(), outputs.data());
  std::vector<float> lse;
  for (const SoftmaxState& state : states) lse.push_back(state.LogSumExp());
  return lse;
}

}  // namespace

// The blocks that full attention gives the most mass, mean over the heads of the group: what any
// score of summaries can at best come to. For evaluation: it reads every key and allocates.
void SelectOracle(const Method& method, const SelectInput& input, SelectScratch* scratch,
                  std::vector<int32_t>* chosen) {
  if (AllFit(input)) return TakeAll(input, chosen);
  if (input.budget_tokens <= 0) return;
  DYNSPLIT_CHECK(input.kv.keys != nullptr);
  const auto candidates =
      input.blocks.subspan(static_cast<size_t>(input.first_block),
                           static_cast<size_t>(input.end_block - input.first_block));
  const int64_t begin = candidates.front().start, end = candidates.back().end();
  const std::vector<float> lse = LogSumExps(input);
  std::vector<float> mass(static_cast<size_t>(1 + end - begin));  // [1 + d]: of token end - 1 - d
  LocalMass({.queries = input.queries,
             .lse = lse.data(),
             .group_heads = input.group_heads,
             .scale = input.scale,
             .score_cap = input.score_cap,
             .kv = input.kv,
             .position = end - 1,
             .window = static_cast<int>(end - begin)},
            mass.data());
  scratch->shares.Resize(candidates.size());
  for (size_t b = 0; b < candidates.size(); ++b) {
    double sum = 0;
    for (int64_t token = candidates[b].start; token < candidates[b].end(); ++token) {
      sum += mass[static_cast<size_t>(end - token)];
    }
    scratch->shares[b] = static_cast<float>(sum / input.group_heads);
  }
  TakeBest(input, RankOf(method), scratch, chosen);
}

}  // namespace dynsplit
