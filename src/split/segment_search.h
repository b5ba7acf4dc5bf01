// The two searches for boundaries (method.md section 3). Positions are relative to the text given:
// a block [a, e) has the score weights[e - 1] - penalty * |e - a - ideal| / range.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dynsplit {

struct SearchParams {
  int ideal = 12;        // C: >= 1
  int range = 8;         // Delta: lengths ideal +- range, 0..ideal - 1
  double penalty = 0.7;  // lambda
  bool closed = true;    // the text ends with the weights; else only decided blocks are wanted
};

// Both return the ends of the blocks, ascending, the first starting at 0; a closed search ends at
// weights.size(). Weights are finite. Not closed: see SegmentOpen.

// Block after block, the best end within the range; ties go to the nearest to the ideal, then to
// the shorter. Cost: O(n).
std::vector<int64_t> SearchGreedy(std::span<const float> weights, const SearchParams& params);

// The greatest sum of scores over all segmentations, where the last end costs no weight and only
// the first and the last block may be shorter; ties go to shorter blocks, from the end backwards.
// Cost: O(n * range), 12 bytes of scratch per token.
std::vector<int64_t> SearchOptimal(std::span<const float> weights, const SearchParams& params);

}  // namespace dynsplit
