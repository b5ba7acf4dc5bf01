#include "select/refine.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/check.h"
#include "kernels/key_score.h"
#include "kernels/pool_scores.h"
#include "select/page_tiles.h"
#include "select/take_best.h"

namespace dynsplit {
namespace {

double Sum(std::span<const float> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// Scores all keys of the candidates, of the sink and of recent together: sets scratch->subset to
// the candidates and scratch->shares [keys, in this order] to their share of the attention. Returns
// the number of the candidates' keys.
size_t ShareOfKeys(const Method& method, const SelectInput& input,
                   std::span<const int32_t> candidates, SelectScratch* scratch) {
  std::vector<Block>& subset = scratch->subset;
  subset.clear();
  int64_t num_candidate_keys = 0;
  for (const int32_t b : candidates) {
    subset.push_back(input.blocks[b]);
    num_candidate_keys += subset.back().length;
  }
  const TokenRange sink = {0, input.blocks[input.first_block].start};
  const TokenRange recent = {input.blocks[input.end_block - 1].end(), input.position + 1};
  const int64_t num_keys = num_candidate_keys + sink.end + recent.end - recent.start;
  scratch->scores.Resize(static_cast<size_t>(num_keys * input.group_heads));
  scratch->shares.Resize(static_cast<size_t>(num_keys));

  std::vector<Tile>& tiles = scratch->tiles;
  tiles.clear();
  for (const Block& block : subset) AppendPageTiles({block.start, block.end()}, &tiles);
  AppendPageTiles(sink, &tiles);
  AppendPageTiles(recent, &tiles);
  KeyScore({.queries = input.queries,
            .group_heads = input.group_heads,
            .scale = input.scale,
            .kv = input.kv,
            .tiles = tiles.data(),
            .num_tiles = static_cast<int>(tiles.size())},
           scratch->scores.data(), num_keys);
  PoolScores({.pooling = method.pooling,
              .scores = scratch->scores.data(),
              .score_stride = num_keys,
              .group_heads = input.group_heads,
              .num_blocks = num_keys},
             scratch->shares.data());
  return static_cast<size_t>(num_candidate_keys);
}

// A block's share takes the place of its first key's, which lies at or behind it.
void ShareOfBlocks(std::span<const Block> blocks, std::span<float> shares) {
  size_t first_key = 0;
  for (size_t b = 0; b < blocks.size(); ++b) {
    const auto length = static_cast<size_t>(blocks[b].length);
    shares[b] = static_cast<float>(Sum(shares.subspan(first_key, length)));
    first_key += length;
  }
}

// Every token a block of its own; *tokens is room to make them in.
void PartIntoTokens(std::vector<Block>* blocks, std::vector<Block>* tokens) {
  tokens->clear();
  for (const Block& block : *blocks) {
    for (int32_t t = block.start; t < block.end(); ++t) {
      tokens->push_back({.start = t, .length = 1});
    }
  }
  blocks->swap(*tokens);
}

// Of scratch->subset, whose shares come first in scratch->shares, to indices into it. `always` is
// the share of sink and recent.
void TakeBestOfSubset(const SelectInput& input, double always, SelectScratch* scratch,
                      std::vector<int32_t>* chosen) {
  SelectInput among = input;
  among.blocks = scratch->subset;
  among.first_block = 0;
  among.end_block = static_cast<int64_t>(scratch->subset.size());
  if (input.budget_mass > 0) {
    if (always >= input.budget_mass) return;
    const double rest = Sum(scratch->shares.span().first(scratch->subset.size()));
    among.budget_mass = std::min(1.0, (input.budget_mass - always) / std::max(rest, 1e-30));
  }
  scratch->shares.Resize(scratch->subset.size());
  TakeBest(among, Rank::kPerToken, scratch, chosen);
}

}  // namespace

void FindCandidates(const SelectInput& input, Rank rank, int64_t tokens, SelectScratch* scratch) {
  std::vector<int32_t>& candidates = scratch->candidates;
  candidates.clear();
  const int64_t total_tokens = RankBlocks(input, rank, scratch);
  std::vector<uint64_t>& ranking = scratch->ranking;
  const auto count = static_cast<int64_t>(ranking.size());
  const int64_t wanted = std::min(count, tokens * count / std::max<int64_t>(1, total_tokens));
  if (wanted == 0) return;
  scratch->sorted.assign(ranking.begin(), ranking.end());
  std::nth_element(scratch->sorted.begin(), scratch->sorted.begin() + wanted - 1,
                   scratch->sorted.end(), std::greater<>());
  const uint64_t least = scratch->sorted[static_cast<size_t>(wanted - 1)];
  for (int64_t i = 0; i < count; ++i) {
    if (ranking[static_cast<size_t>(i)] >= least) {
      candidates.push_back(static_cast<int32_t>(input.first_block + i));
    }
  }
}

void TakeBestByKeys(const Method& method, const SelectInput& input,
                    std::span<const int32_t> candidates, SelectScratch* scratch,
                    std::vector<int32_t>* chosen) {
  DYNSPLIT_CHECK(input.kv.pages != nullptr && chosen->empty());
  if (candidates.empty()) return;
  const size_t num_keys = ShareOfKeys(method, input, candidates, scratch);
  const double always = Sum(scratch->shares.span().subspan(num_keys));
  const bool picks_tokens = method.pick == Pick::kTokens;
  if (picks_tokens) {
    PartIntoTokens(&scratch->subset, &scratch->tokens);
  } else {
    ShareOfBlocks(scratch->subset, scratch->shares.span());
  }
  TakeBestOfSubset(input, always, scratch, chosen);
  for (int32_t& c : *chosen) {
    const auto idx = static_cast<size_t>(c);
    c = picks_tokens ? scratch->subset[idx].start : candidates[idx];
  }
}

}  // namespace dynsplit
