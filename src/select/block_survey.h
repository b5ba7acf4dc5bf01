// Which of a row's candidates have their summaries scored (Method::coarse). An entry of the coarse
// index stands for kGroupBlocks blocks; of the groups that it takes for the best, the blocks are
// scored, of the others none. So with the context grows the reading of the coarse index alone.
// Ours: beyond the paper. In steps that the workers of a pass share:
//
//   Begin  ScoreGroups*  Choose
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "kernels/top_indices.h"
#include "select/estimate.h"
#include "select/selector.h"

namespace dynsplit {

// A survey leaves so many candidate tokens at least to be scored block by block: that costs less
// (2 ms a step of SmolLM2-135M) than what an error of the coarse index costs.
inline constexpr int64_t kLeastScoredTokens = 8192;
// Whether a text of so many tokens may ever be surveyed, so that it needs a coarse index.
bool MaySurvey(const Method& method, int64_t tokens);

// Consecutive blocks.
struct BlockRange {
  int64_t first = 0;
  int64_t count = 0;
};

class BlockSurvey {
 public:
  // No groups, no runs.
  void Clear();
  // The method chooses tokens; the input has candidates.
  void Begin(const Method& method, const SelectInput& input);
  // 0: every candidate is scored, as where they are not twice as many as a survey would leave, or
  // where groups are too long to choose among.
  int64_t num_scored_groups() const { return shape_.count; }
  // Cost: one pass over the summaries of the groups in `range`. Thread safety: distinct ranges.
  void ScoreGroups(const SelectInput& input, TokenRange range);
  // Sets ranges(), ascending, none next to another. Cost: O(groups).
  void Choose(const Method& method, const SelectInput& input);

  std::span<const BlockRange> ranges() const { return ranges_; }

 private:
  void Append(BlockRange range);

  int64_t tokens_ = 0;  // about so many of the candidates' are to be scored
  EstimateShape shape_;
  AlignedBuffer<float> scores_;  // [group_heads, stride]
  AlignedBuffer<float> room_;
  AlignedBuffer<float> shares_;  // [groups]
  TopIndicesScratch top_;
  std::vector<int32_t> groups_;
  std::vector<BlockRange> ranges_;
};

}  // namespace dynsplit
