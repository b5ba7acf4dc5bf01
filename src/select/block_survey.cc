#include "select/block_survey.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "kernels/group_score.h"
#include "kernels/pool_scores.h"
#include "kernels/score_cap.h"
#include "select/take_best.h"

namespace dynsplit {
namespace {

// Fewer groups than this are no choice.
constexpr int64_t kLeastGroups = 8;

// 0: its summaries do not lie in groups of whole blocks.
int64_t GroupBlocks(const IndexShape& index) {
  const bool whole = index.type == SummaryType::kInt2 && kInt2Group % index.vectors == 0;
  return whole ? kInt2Group / index.vectors : 0;
}

}  // namespace

void BlockSurvey::Clear() {
  count_ = 0;
  ranges_.clear();
}

int64_t BlockSurvey::chunk_groups() const { return kIndexChunkBlocks / group_blocks_; }

void BlockSurvey::Begin(const Method& method, const SelectInput& input) {
  Clear();
  const int64_t all = TotalTokens(input);
  const int64_t tokens = std::max({kLeastScoredTokens, all / kLeastScoredShare,
                                   input.budget_tokens * method.refine * method.survey});
  group_blocks_ = GroupBlocks(input.index->shape());
  int64_t groups = 0;
  if (group_blocks_ > 0) {
    first_group_ = (input.first_block + group_blocks_ - 1) / group_blocks_;
    groups = std::max<int64_t>(0, input.end_block / group_blocks_ - first_group_);
  }
  num_best_ = all > 0 ? groups * tokens / all : 0;
  if (method.survey == 0 || all < kMostScoredShare * tokens || num_best_ < kLeastGroups) {
    ranges_.push_back({input.first_block, input.end_block - input.first_block});
    return;
  }
  count_ = groups;
  stride_ = RowStride(count_);
  scores_.Resize(static_cast<size_t>(stride_ * input.group_heads));
  room_.Resize(static_cast<size_t>(stride_));
  shares_.Resize(static_cast<size_t>(count_));
}

void BlockSurvey::ScoreGroups(const SelectInput& input, TokenRange range) {
  const int head_dim = input.index->shape().head_dim;
  // Of the group and those behind it in its chunk.
  const auto codes = [&](int64_t group) -> Int2Codes {
    const SummaryView view =
        input.index->Summaries(group * group_blocks_, input.layer, input.kv_head);
    return {view.int2s, view.int2_scale, view.int2_first / kInt2Group};
  };
  GroupScoreArgs args = {.queries = input.queries,
                         .group_heads = input.group_heads,
                         .head_dim = head_dim,
                         .scale = input.scale,
                         .codes = codes(first_group_)};
  // The same for all parts.
  std::array<int, kMaxRoughLines> lines;
  ChooseLines(args, std::span(lines).first(static_cast<size_t>(RoughLines(head_dim))));
  args.lines = lines.data();
  const int64_t end = first_group_ + range.end;
  for (int64_t group = first_group_ + range.start; group < end; group += args.count) {
    args.count = std::min(chunk_groups() - group % chunk_groups(), end - group);
    args.codes = codes(group);
    const int64_t next = group + args.count;
    args.next = next + args.count <= end ? codes(next) : Int2Codes();
    GroupScore(args, scores_.data() + (group - first_group_), stride_);
  }
  if (input.score_cap == 0) return;
  for (int head = 0; head < input.group_heads; ++head) {
    for (int64_t i = range.start; i < range.end; ++i) {
      float& score = scores_.data()[head * stride_ + i];
      score = static_cast<float>(CappedScore(score, input.score_cap));
    }
  }
}

void BlockSurvey::Choose(const Method& method, const SelectInput& input) {
  DYNSPLIT_CHECK(num_scored_groups() > 0);
  // A group's best vector stands for its mass: sixteen exponentials a group would tell little more.
  PoolScores({.pooling = method.pooling,
              .scores = scores_.data(),
              .score_stride = stride_,
              .group_heads = input.group_heads,
              .num_blocks = count_},
             room_.data(), shares_.data());
  TopIndices(shares_.span().first(static_cast<size_t>(count_)), num_best_, &top_, &groups_);
  ranges_.clear();
  const int64_t begin = first_group_ * group_blocks_;
  Append(input.first_block, begin);
  for (const int64_t group : groups_) {
    Append(begin + group * group_blocks_, begin + (group + 1) * group_blocks_);
  }
  Append(begin + count_ * group_blocks_, input.end_block);
}

void BlockSurvey::Append(int64_t first, int64_t end) {
  while (first < end) {
    const int64_t chunk_end = (first / kIndexChunkBlocks + 1) * kIndexChunkBlocks;
    const int64_t count = std::min(end, chunk_end) - first;
    BlockRange* last = ranges_.empty() ? nullptr : &ranges_.back();
    if (last != nullptr && last->end() == first && first % kIndexChunkBlocks != 0) {
      last->count += count;
    } else {
      ranges_.push_back({first, count, last == nullptr ? 0 : last->before + last->count});
    }
    first += count;
  }
}

}  // namespace dynsplit
