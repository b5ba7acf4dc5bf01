// A second look: blocks that their summaries take for the best, a few times as many as the budget
// holds, are ranked anew, whole or token by token, by what attention gives their keys. A head's
// mass on a key is its share of a softmax over these keys and those that are always attended to
// (the tokens before input.first_block and those from the end of input.end_block to
// input.position), so that a head that needs little but recent has little say. Shares are pooled
// over the heads as method.pooling says. Ours: beyond the paper.
#pragma once

#include "select/selector.h"
#include "select/take_best.h"

namespace dynsplit {

// What to find, of the candidates of an input.
struct CandidateGoal {
  Rank rank = Rank::kShare;
  int64_t tokens = 0;  // about so many, at the candidates' mean length; one candidate at least
};

// Sets *found to the best candidates, ascending. shares [candidates] are overwritten. Cost:
// O(candidates), no sort.
void FindCandidates(const SelectInput& input, const CandidateGoal& goal, std::span<float> shares,
                    TopIndicesScratch* top, std::vector<int32_t>* found);

// Sets *keys to the positions of the candidates' tokens, then of what is always attended to.
// Returns how many are the candidates'.
size_t ListKeys(const SelectInput& input, std::span<const int32_t> candidates,
                std::vector<int32_t>* keys);

// Scores keys[range.start, range.end): scores [group_heads, keys]. Thread safety: distinct ranges.
void ScoreKeys(const SelectInput& input, std::span<const int32_t> keys, TokenRange range,
               float* scores);

// shares [num_keys] from the scores of all keys; `room` is [num_keys].
void PoolKeys(const Method& method, const SelectInput& input, int64_t num_keys, const float* scores,
              float* room, float* shares);

// Of the blocks `candidates` (ascending), takes the best by share per token until the budget is
// full, or until the chosen hold input.budget_mass of the mass, that of what is always attended to
// included. *chosen is empty before. Uses all of `scratch` but candidates. Cost: one pass over the
// keys, those that are always attended to included.
void TakeBestByKeys(const Method& method, const SelectInput& input,
                    std::span<const int32_t> candidates, SelectScratch* scratch,
                    std::vector<int32_t>* chosen);

}  // namespace dynsplit
