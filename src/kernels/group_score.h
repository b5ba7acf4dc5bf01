// Rough scores of groups of 16 two-bit summary vectors (kernels/int2.h) for one query row, by a
// quarter of their channels: what is read to find where summaries are worth being read whole.
// Channels differ much in how far keys are spread along them, and queries in what they ask: of
// SmolLM2-135M in Python sources, the best 16 of 64 channels that lie in one cache line hold 56 %
// of the variance of a score. Ours: beyond the paper.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/int2.h"

namespace dynsplit {

// Lines that a rough score reads: a quarter of all.
constexpr int RoughLines(int head_dim) { return (head_dim / kInt2LineChannels + 3) / 4; }
inline constexpr int kMaxRoughLines = RoughLines(kMaxHeadDim);

// Groups of one scale, from number `first` of these panels on, which start on a cache line.
struct Int2Codes {
  const uint8_t* panels = nullptr;
  const f16* scale = nullptr;
  int64_t first = 0;
};

struct GroupScoreArgs {
  const float* queries = nullptr;  // [group_heads, head_dim], unscaled
  int group_heads = 1;
  int head_dim = 0;  // a multiple of 16, at most kMaxHeadDim
  float scale = 1;
  const int* lines = nullptr;  // [RoughLines(head_dim)] that are read, channels 16 l .. 16 l + 15
  Int2Codes codes;
  int64_t count = 0;    // groups
  Int2Codes next = {};  // as many that are scored next, fetched meanwhile; or nothing
};

// Sets `lines` [RoughLines(head_dim)] to those in which scores of these queries vary most, by the
// steps of this scale. Takes queries, group_heads, head_dim and codes.scale.
void ChooseLines(const GroupScoreArgs& args, std::span<int> lines);

// scores[j * score_stride + g] for head j: the greatest score of a vector in group g, scaled, as if
// all vectors lay at the scale's center in the channels that are not read. Rounded as SummaryScore
// rounds int2. Cost: one pass over the lines. Thread safety: calls may run at once on distinct
// scores.
void GroupScore(const GroupScoreArgs& args, float* scores, int64_t score_stride);
void GroupScoreRef(const GroupScoreArgs& args, float* scores, int64_t score_stride);

}  // namespace dynsplit
