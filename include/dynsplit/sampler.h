// Choosing the next token from logits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dynsplit/status.h"

namespace dynsplit {

struct SamplerOptions {
  float temperature = 0;         // 0: greedy, only the repetition penalty still acts. 0..100
  int top_k = 0;                 // keep the k most likely; 0: all
  float top_p = 1;               // keep the smallest set with this probability; (0, 1]
  float min_p = 0;               // drop tokens below this share of the most likely; [0, 1]
  float repetition_penalty = 1;  // > 1 makes recent tokens less likely; (0, 10]
  int penalty_tokens = 64;       // how many recent tokens that concerns; >= 0
  uint64_t seed = 0;
};

// InvalidArgument naming the field, what it was and what it may be.
Status ValidateSampler(const SamplerOptions& options);

// Order: repetition penalty, temperature, top-k, top-p, min-p, draw. Same seed and logits, same
// tokens on every machine: shares are integers of 2^-32 of the likeliest, and what is less likely
// than that is never drawn. Not thread safe. Cost: O(vocab_size), and a sort of what can be drawn.
class Sampler {
 public:
  explicit Sampler(const SamplerOptions& options);

  // The next token for logits [vocab_size], given the tokens so far (for the penalty). Logits that
  // are not finite count as impossible; if none is finite, token 0.
  int32_t Sample(std::span<const float> logits, std::span<const int32_t> tokens);

 private:
  struct Candidate {
    int32_t token;
    uint64_t share;  // 2^32 for the likeliest
  };
  void Penalise(std::span<const int32_t> tokens);
  void CollectCandidates();
  void Truncate();
  int32_t Draw();

  SamplerOptions options_;
  uint64_t rng_state_;
  std::vector<float> logits_;  // [vocab_size], penalised
  std::vector<Candidate> candidates_;
};

// Index of the largest finite logit, the lowest at a tie.
int32_t Argmax(std::span<const float> logits);

}  // namespace dynsplit
