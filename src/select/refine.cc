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

// Sets scratch->keys to those of the candidates, then of the sink and of recent. Returns the number
// of the candidates'.
size_t ListKeys(const SelectInput& input, std::span<const int32_t> candidates,
                SelectScratch* scratch) {
  scratch->keys.clear();
  for (const int32_t b : candidates) {
    AppendPositions({input.blocks[b].start, input.blocks[b].end()}, &scratch->keys);
  }
  const size_t num_candidate_keys = scratch->keys.size();
  AppendPositions({0, input.blocks[input.first_block].start}, &scratch->keys);
  AppendPositions({input.blocks[input.end_block - 1].end(), input.position + 1}, &scratch->keys);
  return num_candidate_keys;
}

// Sets scratch->scores [group_heads, keys] and scratch->shares [keys] of scratch->keys, as ListKeys
// makes them. Returns the number of the candidates' keys.
size_t ShareOfKeys(const Method& method, const SelectInput& input,
                   std::span<const int32_t> candidates, SelectScratch* scratch) {
  DYNSPLIT_CHECK(input.kv.pages != nullptr);
  const size_t num_candidate_keys = ListKeys(input, candidates, scratch);
  const auto num_keys = static_cast<int64_t>(scratch->keys.size());
  scratch->scores.Resize(static_cast<size_t>(num_keys * input.group_heads));
  scratch->room.Resize(static_cast<size_t>(num_keys));
  scratch->shares.Resize(static_cast<size_t>(num_keys));
  KeyScore({.queries = input.queries,
            .group_heads = input.group_heads,
            .scale = input.scale,
            .kv = input.kv,
            .tokens = scratch->keys.data(),
            .num_tokens = num_keys},
           scratch->scores.data(), num_keys);
  PoolScores({.pooling = method.pooling,
              .scores = scratch->scores.data(),
              .score_stride = num_keys,
              .group_heads = input.group_heads,
              .num_blocks = num_keys},
             scratch->room.data(), scratch->shares.data());
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

// Of `best`, ascending indices into `shares`, keeps the greatest that together hold `mass`.
void KeepMass(std::span<const float> shares, double mass, std::vector<int32_t>* best) {
  const auto share = [&](int32_t i) { return shares[static_cast<size_t>(i)]; };
  std::stable_sort(best->begin(), best->end(),
                   [&](int32_t a, int32_t b) { return share(a) > share(b); });
  size_t kept = 0;
  for (double held = 0; kept < best->size() && held < mass; ++kept) held += share((*best)[kept]);
  best->resize(kept);
  std::sort(best->begin(), best->end());
}

}  // namespace

void FindCandidates(const SelectInput& input, Rank rank, int64_t tokens, SelectScratch* scratch) {
  const std::span<float> ranks = scratch->shares.span();
  const int64_t count = input.end_block - input.first_block;
  DYNSPLIT_CHECK(static_cast<int64_t>(ranks.size()) == count);
  const Block* blocks = &input.blocks[input.first_block];
  if (rank == Rank::kPerToken) {
    for (size_t i = 0; i < ranks.size(); ++i) ranks[i] /= static_cast<float>(blocks[i].length);
  }
  const int64_t total_tokens = blocks[count - 1].end() - blocks[0].start;
  const int64_t wanted = std::min(count, tokens * count / std::max<int64_t>(1, total_tokens));
  TopIndices(ranks, wanted, &scratch->top, &scratch->candidates);
  for (int32_t& b : scratch->candidates) b += static_cast<int32_t>(input.first_block);
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

void TakeBestTokens(const Method& method, const SelectInput& input,
                    std::span<const int32_t> candidates, SelectScratch* scratch,
                    TokenChoice* choice) {
  const size_t num_candidate_keys = ShareOfKeys(method, input, candidates, scratch);
  const std::span<const float> shares = scratch->shares.span();
  std::vector<int32_t>& best = scratch->best;
  TopIndices(shares.first(num_candidate_keys), std::max<int64_t>(0, input.budget_tokens),
             &scratch->top, &best);
  if (input.budget_mass > 0) {
    KeepMass(shares, input.budget_mass - Sum(shares.subspan(num_candidate_keys)), &best);
  }
  const size_t num_keys = scratch->keys.size();
  for (size_t i = num_candidate_keys; i < num_keys; ++i) best.push_back(static_cast<int32_t>(i));
  choice->tokens.resize(best.size());
  choice->scores.Resize(best.size() * static_cast<size_t>(input.group_heads));
  float* scores = choice->scores.data();
  for (size_t i = 0; i < best.size(); ++i) choice->tokens[i] = scratch->keys[best[i]];
  for (size_t head = 0; head < static_cast<size_t>(input.group_heads); ++head) {
    const float* of_head = scratch->scores.data() + head * num_keys;
    for (const int32_t idx : best) *scores++ = of_head[idx];
  }
}

}  // namespace dynsplit
