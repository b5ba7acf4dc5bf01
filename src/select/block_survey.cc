#include "select/block_survey.h"

#include <algorithm>

#include "base/check.h"
#include "select/refine.h"

namespace dynsplit {
namespace {

// So many tokens' summaries cost less to score (2 ms a step of SmolLM2-135M) than what an error of
// the coarse index costs.
constexpr int64_t kLeastTokens = 8192;

// What to score is found as what to look at is: the groups are the candidates then.
SelectInput GroupsOf(const SelectInput& input) {
  SelectInput groups = input;
  groups.index = input.coarse_index;
  groups.blocks = input.groups;
  groups.first_block = 0;
  groups.end_block = input.end_block / kGroupBlocks;
  return groups;
}

}  // namespace

void BlockSurvey::Clear() {
  shape_ = {};
  runs_.clear();
}

void BlockSurvey::Begin(const Method& method, const SelectInput& input) {
  Clear();
  tokens_ = std::max(kLeastTokens, input.budget_tokens * method.refine * method.coarse);
  const int64_t all =
      input.blocks[input.end_block - 1].end() - input.blocks[input.first_block].start;
  if (method.coarse == 0 || all < 2 * tokens_) {
    runs_.assign(1, {input.first_block, input.end_block - input.first_block});
    return;
  }
  const SelectInput groups = GroupsOf(input);
  shape_ = ShapeOfEstimate(method, groups, groups.end_block);
  scores_.Resize(shape_.num_scores(input.group_heads));
  room_.Resize(static_cast<size_t>(shape_.stride));
  shares_.Resize(static_cast<size_t>(shape_.count));
}

void BlockSurvey::ScoreGroups(const SelectInput& input, TokenRange range) {
  ScoreCandidates(GroupsOf(input), shape_, range, scores_.data());
}

void BlockSurvey::Choose(const Method& method, const SelectInput& input) {
  DYNSPLIT_CHECK(num_scored_groups() > 0);
  const SelectInput groups = GroupsOf(input);
  PoolCandidates(method, groups, shape_, scores_.data(), room_.data(), shares_.data());
  FindCandidates(groups, {RankOf(method), tokens_}, shares_.span(), &top_, &groups_);
  runs_.clear();
  for (const int64_t group : groups_) {
    const int64_t first = std::max(input.first_block, group * kGroupBlocks);
    Append({first, (group + 1) * kGroupBlocks - first});
  }
  const int64_t ungrouped = std::max(input.first_block, groups.end_block * kGroupBlocks);
  Append({ungrouped, input.end_block - ungrouped});
}

void BlockSurvey::Append(BlockRun run) {
  if (run.count <= 0) return;
  if (!runs_.empty() && runs_.back().first + runs_.back().count == run.first) {
    runs_.back().count += run.count;
  } else {
    runs_.push_back(run);
  }
}

}  // namespace dynsplit
