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
inline constexpr int kMaxBoundaryWindow = 255;

// For a cut after token i, means over the queries p in (i, i + window] seen so far and over the
// heads of the mass on the keys (i, p], (i - R, i] and (sink, i - R]. The sink counts in none. 0
// where no query was seen (always so for the last token). 13 bytes per token.
struct BoundaryMass {
  int window = kBoundaryWindow;
  std::vector<float> after;      // [num_tokens]
  std::vector<float> near;       // [num_tokens]
  std::vector<float> far;        // [num_tokens]
  std::vector<uint8_t> queries;  // [num_tokens], how many were seen, 0..window

  int64_t num_tokens() const { return static_cast<int64_t>(after.size()); }
};

// s_i, the score of a cut after token i: mass kept less alpha times mass given up. High: what comes
// next needs little from before. In [-alpha, 1].
float BoundaryScore(const BoundaryMass& mass, int64_t i, Reading reading, float alpha);

// Not thread safe; copyable, which is what a fork needs.
class BoundaryScorer {
 public:
  // The mass on the first `sink` tokens counts nowhere. window in 1..kMaxBoundaryWindow, retained
  // >= 1.
  BoundaryScorer(int window, int retained, int sink);

  // The query row at `position`: its mass [1 + window + retained] as LocalMass writes it, summed
  // over `heads` >= 1 heads (of all sampled layers). Rows come in ascending order; positions left
  // out are queries that no mean counts. Cost: O(window + retained).
  void AddRow(int64_t position, std::span<const float> mass, int heads);

  // Means over the queries seen so far, for the tokens 0..last position.
  const BoundaryMass& mass() const { return mass_; }

  // As if the rows that gave `mass` had been added: of this scorer's window, with all of its arrays
  // of one length.
  void Restore(BoundaryMass mass) { mass_ = std::move(mass); }

  // Forgets all but the first `tokens`. What later rows gave to these stays: their next `window`
  // rows are to be added again, and change nothing of it. False, and nothing is forgotten, where a
  // token has not seen all of its queries.
  bool Truncate(int64_t tokens);

  int window() const { return mass_.window; }
  int retained() const { return retained_; }
  int sink() const { return sink_; }

 private:
  int retained_;
  int sink_;
  std::vector<double> prefix_;  // [1 + window + retained], scratch: mass at distances below i
  BoundaryMass mass_;
};

}  // namespace dynsplit
