// Which of a row's candidates have their summaries scored (Method::survey): those of the groups
// that a quarter of the summaries' channels takes for the best (kernels/group_score.h). So with the
// context grows little but the reading of that quarter. Ours: beyond the paper. In steps that the
// workers of a pass share:
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

// A survey leaves about so many candidate tokens at least to be scored block by block, and this
// share of all of them: of fewer, a quarter of the channels knows too little (docs/evaluation.md,
// "A survey by a quarter of the channels").
inline constexpr int64_t kLeastScoredTokens = 4096;
inline constexpr int64_t kLeastScoredShare = 8;  // one of so many
// Where it would leave more than one of so many, it costs as much as it saves.
inline constexpr int64_t kMostScoredShare = 4;

class BlockSurvey {
 public:
  // No groups, no runs.
  void Clear();
  // The method chooses tokens; the input has candidates.
  void Begin(const Method& method, const SelectInput& input);
  // 0: every candidate is scored, as where a survey would leave more than kMostScoredShare of them,
  // or where summaries are not of two bits and 1, 2, 4 or 8 vectors.
  int64_t num_scored_groups() const { return count_; }
  int64_t first_group() const { return first_group_; }  // in the index
  int64_t chunk_groups() const;                         // of a chunk of the index
  // Cost: one pass over a quarter of the summaries of the groups in `range`, counted from the first
  // one. Thread safety: distinct ranges.
  void ScoreGroups(const SelectInput& input, TokenRange range);
  // Sets ranges(), ascending, each within a chunk of the index. Cost: O(groups).
  void Choose(const Method& method, const SelectInput& input);

  std::span<const BlockRange> ranges() const { return ranges_; }

 private:
  void Append(int64_t first, int64_t end);

  int64_t group_blocks_ = 0;
  int64_t first_group_ = 0;
  int64_t count_ = 0;
  int64_t stride_ = 0;
  int64_t num_best_ = 0;         // groups whose blocks are to be scored
  AlignedBuffer<float> scores_;  // [group_heads, stride]
  AlignedBuffer<float> room_;
  AlignedBuffer<float> shares_;  // [groups]
  TopIndicesScratch top_;
  std::vector<int32_t> groups_;
  std::vector<BlockRange> ranges_;
};

}  // namespace dynsplit
