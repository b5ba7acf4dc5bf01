#include "select/refine.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "kernels/key_score.h"
#include "kernels/pool_scores.h"
#include "select/take_best.h"

namespace dynsplit {
namespace {

double Sum(std::span<const float> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

void AppendPositions(TokenRange range, std::vector<int32_t>* positions) {
  const size_t size = positions->size();
  positions->resize(size + static_cast<size_t>(std::max<int64_t>(0, range.end - range.start)));
  std::iota(positions->begin() + static_cast<ptrdiff_t>(size), positions->end(),
            static_cast<int32_t>(range.start));
}

// Sets scratch->shares [keys] of scratch->keys, as ListKeys makes them. Returns the number of the
// candidates' keys.
size_t ShareOfKeys(const Method& method, const SelectInput& input,
                   std::span<const int32_t> candidates, SelectScratch* scratch) {
  const size_t num_candidate_keys = ListKeys(input, candidates, &scratch->keys);
  const size_t num_keys = scratch->keys.size();
  scratch->scores.Resize(num_keys * static_cast<size_t>(input.group_heads));
  scratch->room.Resize(num_keys);
  scratch->shares.Resize(num_keys);
  const auto all = static_cast<int64_t>(num_keys);
  ScoreKeys(input, scratch->keys, {0, all}, scratch->scores.data());
  PoolKeys(method, input, all, scratch->scores.data(), scratch->room.data(),
           scratch->shares.data());
  return num_candidate_keys;
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

void FindCandidates(const SelectInput& input, const CandidateGoal& goal, std::span<float> shares,
                    TopIndicesScratch* top, std::vector<int32_t>* found) {
  const int64_t count = input.end_block - input.first_block;
  DYNSPLIT_CHECK(static_cast<int64_t>(shares.size()) == count);
  const Block* blocks = &input.blocks[input.first_block];
  int64_t all_tokens = 0;
  for (size_t i = 0; i < shares.size(); ++i) all_tokens += blocks[i].length;
  if (goal.rank == Rank::kPerToken) {
    for (size_t i = 0; i < shares.size(); ++i) shares[i] /= static_cast<float>(blocks[i].length);
  }
  const int64_t wanted = goal.tokens * count / std::max<int64_t>(1, all_tokens);
  TopIndices(shares, std::clamp<int64_t>(wanted, 1, count), top, found);
  for (int32_t& b : *found) b += static_cast<int32_t>(input.first_block);
}

size_t ListKeys(const SelectInput& input, std::span<const int32_t> candidates,
                std::vector<int32_t>* keys) {
  keys->clear();
  for (const int32_t b : candidates) {
    AppendPositions({input.blocks[b].start, input.blocks[b].end()}, keys);
  }
  const size_t num_candidate_keys = keys->size();
  AppendPositions({0, input.blocks[input.first_block].start}, keys);
  AppendPositions({input.blocks[input.end_block - 1].end(), input.position + 1}, keys);
  return num_candidate_keys;
}

void ScoreKeys(const SelectInput& input, std::span<const int32_t> keys, TokenRange range,
               float* scores) {
  DYNSPLIT_CHECK(input.kv.keys != nullptr);
  KeyScore({.queries = input.queries,
            .group_heads = input.group_heads,
            .scale = input.scale,
            .score_cap = input.score_cap,
            .kv = input.kv,
            .tokens = keys.data() + range.start,
            .num_tokens = range.end - range.start},
           scores + range.start, static_cast<int64_t>(keys.size()));
}

void PoolKeys(const Method& method, const SelectInput& input, int64_t num_keys, const float* scores,
              float* room, float* shares) {
  PoolScores({.pooling = method.pooling,
              .scores = scores,
              .score_stride = num_keys,
              .group_heads = input.group_heads,
              .num_blocks = num_keys},
             room, shares);
}

void TakeBestByKeys(const Method& method, const SelectInput& input,
                    std::span<const int32_t> candidates, SelectScratch* scratch,
                    std::vector<int32_t>* chosen) {
  DYNSPLIT_CHECK(chosen->empty());
  if (candidates.empty()) return;
  const size_t num_candidate_keys = ShareOfKeys(method, input, candidates, scratch);
  const double always = Sum(scratch->shares.span().subspan(num_candidate_keys));
  scratch->subset.clear();
  for (const int32_t b : candidates) scratch->subset.push_back(input.blocks[b]);
  ShareOfBlocks(scratch->subset, scratch->shares.span());
  TakeBestOfSubset(input, always, scratch, chosen);
  for (int32_t& c : *chosen) c = candidates[static_cast<size_t>(c)];
}

}  // namespace dynsplit
