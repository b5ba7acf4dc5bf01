// Golden files of libllama's logits and answers, read. make_logits.py and make_greedy.py in
// tests/golden/ make them and describe their formats.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dynsplit/status.h"

namespace dynsplit::testing {

struct GoldenLogits {
  std::vector<int32_t> tokens;
  int num_positions = 0;                 // the last ones of `tokens`
  int top = 0;                           // likely tokens stored for each position
  std::vector<int32_t> ids;              // [num_positions, top], most likely first
  std::vector<float> log_probabilities;  // [num_positions, top]
  std::vector<float> log_rest;           // [num_positions]: log of the mass of all other tokens
};

// tests/golden/logits/<name>.bin. NotFound, or Corruption where sizes do not fit.
Result<GoldenLogits> ReadGoldenLogits(const std::string& name);

struct LogitsAgreement {
  double mean_divergence =
      0;  // Kullback-Leibler, nats; the tail counts as one token: a lower bound
  double median_divergence = 0;
  double max_divergence = 0;
  double same_top = 0;  // share of the positions with the same most likely token
  // By how much the golden log probability of the most likely token is above that of the one that
  // is most likely here, where that is most; infinite where it is not even stored.
  double largest_loss = 0;
};

// `logits` [num_positions, vocab_size] against the golden ones.
LogitsAgreement CompareLogits(const GoldenLogits& golden, std::span<const float> logits);

struct GoldenAnswer {
  std::vector<int32_t> prompt;
  std::vector<int32_t> answer;
  std::vector<float> gaps;  // [answer]: the logit chosen less the second best
};

// tests/golden/greedy/<name>.txt. NotFound, or Corruption.
Result<std::vector<GoldenAnswer>> ReadGoldenAnswers(const std::string& name);

}  // namespace dynsplit::testing
