// Soft-capped attention scores (Gemma 2, arXiv 2408.00118, section 2): c * tanh(score / c), which
// lies between -c and c and grows with the score.
#pragma once

#include <cmath>

namespace dynsplit {

// For references. No cap: 0.
inline double CappedScore(double score, float cap) {
  return cap == 0 ? score : cap * std::tanh(score / cap);
}

}  // namespace dynsplit
