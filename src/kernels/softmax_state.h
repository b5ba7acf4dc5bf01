// The running state of a softmax-weighted sum: it lets attention over parts of the keys be
// computed apart and merged (the online softmax of FlashAttention, arXiv 2205.14135).
#pragma once

#include <cmath>
#include <limits>

namespace dynsplit {

// Scores seen so far have the maximum `max` and sum(exp(score - max)) = `sum`; the vector that
// goes with it holds sum(exp(score - max) * value), not yet divided by `sum`. No keys: max = -inf
// and sum = 0.
struct SoftmaxState {
  float max = -std::numeric_limits<float>::infinity();
  float sum = 0;

  // log(sum(exp(score))); -inf where no key was seen.
  float LogSumExp() const { return sum > 0 ? max + std::log(sum) : max; }
};

}  // namespace dynsplit
