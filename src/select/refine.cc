#include "select/refine.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "kernels/pool_scores.h"
#include "kernels/summary_score.h"
#include "select/take_best.h"

namespace dynsplit {
namespace {

// Scores keys one range after the other into rows of scores, one for each head.
class KeyScorer {
 public:
  KeyScorer(const SelectInput& input, float* scores, int64_t stride)
      : input_(input), scores_(scores), stride_(stride) {
    args_.queries = input.queries;
    args_.group_heads = input.group_heads;
    args_.head_dim = input.kv.head_dim;
    args_.scale = input.scale;
  }

  void Add(TokenRange range) {
    while (range.start < range.end) {
      // A page's keys are an array of one-vector summaries.
      const int64_t in_page = kPageTokens - range.start % kPageTokens;
      args_.num_blocks = std::min(in_page, range.end - range.start);
      args_.summaries.f16s = input_.kv.Key(range.start);
      SummaryScore(args_, scores_ + done_, stride_);
      done_ += args_.num_blocks;
      range.start += args_.num_blocks;
    }
  }

 private:
  const SelectInput& input_;
  SummaryScoreArgs args_;
  float* scores_;
  int64_t stride_;
  int64_t done_ = 0;
};

double Sum(std::span<const float> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

void TakeBestByKeys(const Method& method, const SelectInput& input,
                    std::span<const int32_t> candidates, SelectScratch* scratch,
                    std::vector<int32_t>* chosen) {
  DYNSPLIT_CHECK(input.kv.pages != nullptr);
  if (candidates.empty()) return;
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

  KeyScorer scorer(input, scratch->scores.data(), num_keys);
  for (const Block& block : subset) scorer.Add({block.start, block.end()});
  scorer.Add(sink);
  scorer.Add(recent);
  PoolScores({.pooling = method.pooling,
              .scores = scratch->scores.data(),
              .score_stride = num_keys,
              .group_heads = input.group_heads,
              .num_blocks = num_keys},
             scratch->shares.data());

  // A block's share takes the place of its first key's, which lies at or behind it.
  const std::span<float> shares = scratch->shares.span();
  size_t first_key = 0;
  for (size_t b = 0; b < subset.size(); ++b) {
    const auto length = static_cast<size_t>(subset[b].length);
    shares[b] = static_cast<float>(Sum(shares.subspan(first_key, length)));
    first_key += length;
  }
  SelectInput among = input;
  among.blocks = subset;
  among.first_block = 0;
  among.end_block = static_cast<int64_t>(subset.size());
  if (input.budget_mass > 0) {
    const double always = Sum(shares.subspan(first_key));
    if (always >= input.budget_mass) return;
    const double rest = Sum(shares.first(subset.size()));
    among.budget_mass = std::min(1.0, (input.budget_mass - always) / std::max(rest, 1e-30));
  }
  scratch->shares.Resize(subset.size());
  const size_t before = chosen->size();
  TakeBest(among, Rank::kPerToken, scratch, chosen);
  for (size_t i = before; i < chosen->size(); ++i) {
    (*chosen)[i] = candidates[static_cast<size_t>((*chosen)[i])];
  }
}

}  // namespace dynsplit
