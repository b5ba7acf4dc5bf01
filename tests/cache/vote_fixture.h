// Votes counted naively in double precision, to compare with.
#pragma once

#include "cache/cache_fixture.h"

namespace dynsplit {

// The attention mass on each token of [0, end) in one layer and KV head, over the rows at
// [first_row, end), which see all tokens up to their own.
inline std::vector<double> NaiveVotes(const TestSequence& sequence, int layer, int kv_head,
                                      TokenRange rows) {
  const int d = kTestShape.head_dim;
  const int group = kTestShape.group_heads();
  std::vector<std::vector<float>> keys;
  for (int64_t token = 0; token < rows.end; ++token) {
    keys.push_back(sequence.keys.Rows(layer, token, 1, kTestShape.kv_heads));
  }
  std::vector<double> votes(static_cast<size_t>(rows.end));
  for (int64_t row = rows.start; row < rows.end; ++row) {
    const auto q = sequence.queries.Rows(layer, row, 1, kTestShape.num_heads);
    for (int h = kv_head * group; h < (kv_head + 1) * group; ++h) {
      std::vector<double> weights;
      double total = 0;
      for (int64_t token = 0; token <= row; ++token) {
        double score = 0;
        for (int i = 0; i < d; ++i) score += double{q[h * d + i]} * keys[token][kv_head * d + i];
        total += weights.emplace_back(std::exp(score / std::sqrt(d)));
      }
      for (int64_t token = 0; token <= row; ++token) votes[token] += weights[token] / total;
    }
  }
  return votes;
}

}  // namespace dynsplit
