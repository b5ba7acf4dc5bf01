// Key scatter as the worth of a cut (method.md section 3): what kernels/key_novelty.h measures in a
// few layers and KV heads, made one number a cut that stands beside DD-Select's importance.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dynsplit {

// Keys looked at on either side of a cut: few enough that a side is about one block of the default
// length (C = 5), and enough for a mean.
inline constexpr int kNoveltyWindow = 4;

// Units of novelty. Learned once and then kept, so that a text which goes on does not change the
// weights of what was weighed before.
struct NoveltyScale {
  std::vector<double> unit;  // [heads]: a head's mean novelty; 0: its keys are all alike
  double spread = 1;         // of a cut's novelty, mean over the heads, in these units
};

// novelty [heads, cuts]: one head's after the other's; heads >= 1. Values that are not finite count
// as 0. Cost: one pass. Thread safety: pure.
NoveltyScale LearnNoveltyScale(std::span<const float> novelty, int heads);

// A cut's novelty in spreads above the mean cut, [cuts], clipped as moments.h says; each head
// counts alike, however large its keys are. `novelty` [heads, cuts] is of as many heads as the
// scale was learned of.
std::vector<float> ScatterScores(const NoveltyScale& scale, std::span<const float> novelty);

}  // namespace dynsplit
