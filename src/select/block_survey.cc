#include "select/block_survey.h"

#include <algorithm>

#include "base/check.h"
#include "select/refine.h"
#include "select/token_selection.h"

namespace dynsplit {
namespace {

// Fewer groups than this are no choice.
constexpr int64_t kLeastGroups = 8;

// What to score is found as what to look at is: the groups are the candidates then.
SelectInput GroupsOf(const SelectInput& input) {
  SelectInput groups = input;
  groups.index = input.coarse_index;
  groups.blocks = input.groups;
  groups.first_block = 0;
  groups.end_block = std::min(static_cast<int64_t>(input.groups.size()),
                              (input.end_block - input.first_block) / kGroupBlocks);
  return groups;
}

}  // namespace

bool MaySurvey(const Method& method, int64_t tokens) {
  return ChoosesTokens(method) && method.coarse > 0 && tokens >= 2 * kLeastScoredTokens;
}

void BlockSurvey::Clear() {
  shape_ = {};
  ranges_.clear();
}

void BlockSurvey::Begin(const Method& method, const SelectInput& input) {
  Clear();
  tokens_ = std::max(kLeastScoredTokens, input.budget_tokens * method.refine * method.coarse);
  const int64_t all = TotalTokens(input);
  const SelectInput groups = GroupsOf(input);
  const bool surveys = MaySurvey(method, all) && all >= 2 * tokens_ &&
                       groups.end_block * tokens_ / all >= kLeastGroups;
  if (!surveys) {
    ranges_.push_back({input.first_block, input.end_block - input.first_block});
    return;
  }
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
  ranges_.clear();
  for (const int64_t group : groups_) {
    Append({input.first_block + group * kGroupBlocks, kGroupBlocks});
  }
  const int64_t ungrouped = input.first_block + groups.end_block * kGroupBlocks;
  Append({ungrouped, input.end_block - ungrouped});
}

void BlockSurvey::Append(BlockRange range) {
  if (range.count <= 0) return;
  if (!ranges_.empty() && ranges_.back().first + ranges_.back().count == range.first) {
    ranges_.back().count += range.count;
  } else {
    ranges_.push_back(range);
  }
}

}  // namespace dynsplit
