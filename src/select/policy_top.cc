#include <algorithm>

#include "base/check.h"
#include "kernels/pool_scores.h"
#include "kernels/summary_score.h"
#include "select/policies.h"
#include "select/refine.h"
#include "select/take_best.h"

namespace dynsplit {
namespace {

// Floats of a cache line: rows of scores start on one.
constexpr int64_t kRowAlign = 16;

// Scores every candidate for every head, chunk by chunk: scores [group_heads, stride], of them
// [candidates, rows].
void ScoreCandidates(const SelectInput& input, int rows, float* scores, int64_t stride) {
  const IndexShape& shape = input.index->shape();
  SummaryScoreArgs args;
  args.kind = shape.kind;
  args.queries = input.queries;
  args.group_heads = input.group_heads;
  args.head_dim = shape.head_dim;
  args.scale = input.scale;
  args.vectors = shape.vectors;
  args.every_row = rows > 1;
  for (int64_t block = input.first_block; block < input.end_block;) {
    const int64_t in_chunk = block % kIndexChunkBlocks;
    args.num_blocks = std::min(kIndexChunkBlocks - in_chunk, input.end_block - block);
    args.summaries = input.index->Summaries(block, input.layer, input.kv_head);
    const int64_t next = block + args.num_blocks;
    args.next = next < input.end_block ? input.index->Summaries(next, input.layer, input.kv_head)
                                       : SummaryView();
    SummaryScore(args, scores + (block - input.first_block) * rows, stride);
    block = next;
  }
}

// Sets scratch->shares, [candidates], to what the summaries take the blocks' share of the attention
// to be.
void EstimateShares(const Method& method, const SelectInput& input, SelectScratch* scratch) {
  DYNSPLIT_CHECK(input.index != nullptr && input.end_block <= input.index->num_blocks());
  const IndexShape& shape = input.index->shape();
  const bool by_mass = method.block_score != BlockScore::kMax;
  const int rows = by_mass ? SummaryRows(shape.kind, shape.vectors) : 1;
  const int64_t count = input.end_block - input.first_block;
  const int64_t stride = (count * rows + kRowAlign - 1) / kRowAlign * kRowAlign;
  scratch->scores.Resize(static_cast<size_t>(stride * input.group_heads));
  scratch->room.Resize(static_cast<size_t>(stride));
  scratch->shares.Resize(static_cast<size_t>(count));
  ScoreCandidates(input, rows, scratch->scores.data(), stride);
  PoolScores({.pooling = method.pooling,
              .scores = scratch->scores.data(),
              .score_stride = stride,
              .group_heads = input.group_heads,
              .num_blocks = count,
              .rows = rows,
              .blocks = by_mass ? &input.blocks[input.first_block] : nullptr},
             scratch->room.data(), scratch->shares.data());
}

Rank RankOf(const Method& method) {
  return method.block_score == BlockScore::kDensity ? Rank::kPerToken : Rank::kShare;
}

// Sets scratch->candidates to those that deserve a second look.
void FindCandidates(const Method& method, const SelectInput& input, SelectScratch* scratch) {
  EstimateShares(method, input, scratch);
  FindCandidates(input, RankOf(method), input.budget_tokens * method.refine, scratch);
}

}  // namespace

// The blocks with the greatest estimated share of the attention, pooled over the heads of the group
// (method.md section 5).
void SelectTop(const Method& method, const SelectInput& input, SelectScratch* scratch,
               std::vector<int32_t>* chosen) {
  if (AllFit(input)) return TakeAll(input, chosen);
  if (input.budget_tokens <= 0) return;
  if (method.refine == 1) {
    EstimateShares(method, input, scratch);
    return TakeBest(input, RankOf(method), scratch, chosen);
  }
  FindCandidates(method, input, scratch);
  TakeBestByKeys(method, input, scratch->candidates, scratch, chosen);
}

void SelectTokens(const Method& method, const SelectInput& input, SelectScratch* scratch,
                  TokenChoice* choice) {
  DYNSPLIT_CHECK(ChoosesTokens(method) && input.first_block < input.end_block);
  scratch->candidates.clear();
  if (AllFit(input)) {
    TakeAll(input, &scratch->candidates);
  } else if (input.budget_tokens > 0) {
    FindCandidates(method, input, scratch);
  }
  TakeBestTokens(method, input, scratch->candidates, scratch, choice);
}

}  // namespace dynsplit
