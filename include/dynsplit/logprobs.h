// How likely the model takes a token for: natural logarithms of the softmax over logits, before any
// temperature or truncation of a sampler.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dynsplit {

struct TokenLogprob {
  int32_t token = 0;
  double logprob = 0;
};

// Of `token`, for logits [vocab_size]. Logits that are not finite count as impossible: minus
// infinity for such a token, and for a token out of range. Cost: O(vocab_size).
double LogprobOf(std::span<const float> logits, int32_t token);

// The `count` likeliest tokens, the lower id first at a tie; fewer where fewer are possible.
// Cost: O(vocab_size), and a sort of `count`.
std::vector<TokenLogprob> TopLogprobs(std::span<const float> logits, int count);

}  // namespace dynsplit
