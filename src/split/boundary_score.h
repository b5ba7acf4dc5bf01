// DD-Select's scores of candidate boundaries (method.md section 2), gathered row by row during
// prefill from the attention mass that kernels/local_mass.h writes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dynsplit/method.h"

namespace dynsplit {

inline constexpr int kBoundaryWindow = 16;    // W: future queries that judge a boundary
inline constexpr int kBoundaryRetained = 64;  // R: keys just before it that count as near

// For a cut after token i, means over the queries p in (i, i + W] seen so far and over the heads of
// the mass on the keys (i, p], (i - R, i] and (sink, i - R]. The sink counts in none. 0 where no
// query was seen yet (the last token). 12 bytes per token.
struct BoundaryMass {
  std::vector<float> after;  // [num_tokens]
  std::vector<float> near;   // [num_tokens]
  std::vector<float> far;    // [num_tokens]
  int64_t complete = 0;      // tokens 0..complete-1 have had all their W queries

  int64_t num_tokens() const { return static_cast<int64_t>(after.size()); }
};

// s_i, the score of a cut after token i: mass kept less alpha times mass given up. High: what comes
// next needs little from before. In [-alpha, 1].
float BoundaryScore(const BoundaryMass& mass, int64_t i, Reading reading, float alpha);

// Not thread safe; copyable, which is what a fork needs (12 bytes per token).
class BoundaryScorer {
 public:
  // The first `sink` tokens are left out; window and retained >= 1.
  BoundaryScorer(int window, int retained, int sink);

  // The query row at `position`: its mass [1 + window + retained] as LocalMass writes it, summed
  // over `heads` heads (of all sampled layers). Rows come in order of position without gaps; the
  // first may have any position. Cost: O(window + retained).
  void AddRow(int64_t position, std::span<const float> mass, int heads);

  // Means over the queries seen so far, for the tokens 0..last position.
  const BoundaryMass& mass() const { return mass_; }

  int window() const { return window_; }
  int retained() const { return retained_; }
  int sink() const { return sink_; }

 private:
  int window_;
  int retained_;
  int sink_;
  int64_t first_position_ = -1;  // of the first row, -1 before it
  std::vector<double> prefix_;   // [1 + window + retained], scratch: mass at distances below d
  BoundaryMass mass_;
};

}  // namespace dynsplit
