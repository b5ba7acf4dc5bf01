// What the index takes the candidates' share of the attention to be (method.md section 5). In three
// steps, as the middle one may be shared out.
#pragma once

#include "select/selector.h"

namespace dynsplit {

// Rows of so many scores start on a cache line.
constexpr int64_t RowStride(int64_t scores) {
  constexpr int64_t kLine = 16;
  return (scores + kLine - 1) / kLine * kLine;
}

// Scores are [group_heads, stride], of them [count, rows].
struct EstimateShape {
  int rows = 1;  // scores of a candidate: one of each of its rows, or of its best one
  int64_t count = 0;
  int64_t stride = 0;

  size_t num_scores(int group_heads) const { return static_cast<size_t>(stride * group_heads); }
};
// For `count` of the candidates.
EstimateShape ShapeOfEstimate(const Method& method, const SelectInput& input, int64_t count);

// Consecutive blocks.
struct BlockRange {
  int64_t first = 0;
  int64_t count = 0;
  int64_t before = 0;  // blocks of the ranges before it

  int64_t end() const { return first + count; }
};

// Scores the candidates [range.start, range.end), counted from the first one. Thread safety:
// distinct ranges. Cost: one pass over their summaries.
void ScoreCandidates(const SelectInput& input, const EstimateShape& shape, TokenRange range,
                     float* scores);

// The same of the blocks in `ranges`, each of which lies within a chunk of the index: `range`
// counts them from the first range's first one.
void ScoreRanges(const SelectInput& input, const EstimateShape& shape,
                 std::span<const BlockRange> ranges, TokenRange range, float* scores);

// shares [count] from the scores of all; `room` is [stride].
void PoolCandidates(const Method& method, const SelectInput& input, const EstimateShape& shape,
                    const float* scores, float* room, float* shares);

}  // namespace dynsplit
