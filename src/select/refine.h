// A second look: blocks that their summaries take for the best, a few times as many as the budget
// holds, or their tokens, are ranked anew by what attention gives their keys. A head's mass on a
// key is its share of a softmax over these keys and those that are always attended to (the tokens
// before input.first_block and those from the end of input.end_block to input.position), so that a
// head that needs little but recent has little say. Shares are pooled over the heads as
// method.pooling says. Ours: beyond the paper.
#pragma once

#include "select/selector.h"
#include "select/take_best.h"

namespace dynsplit {

// Sets scratch->candidates to the best blocks, ascending, that hold about `tokens` tokens at the
// mean length. scratch->shares as in TakeBest, overwritten. Cost: O(blocks), no sort.
void FindCandidates(const SelectInput& input, Rank rank, int64_t tokens, SelectScratch* scratch);

// Both: of the blocks `candidates` (ascending). Use all of `scratch` but candidates. Cost: one pass
// over the keys, those that are always attended to included.

// Takes the best by share per token until the budget is full, or until the chosen hold
// input.budget_mass of the mass, that of what is always attended to included. *chosen is empty
// before.
void TakeBestByKeys(const Method& method, const SelectInput& input,
                    std::span<const int32_t> candidates, SelectScratch* scratch,
                    std::vector<int32_t>* chosen);

// Takes each key by its own share: as SelectTokens says.
void TakeBestTokens(const Method& method, const SelectInput& input,
                    std::span<const int32_t> candidates, SelectScratch* scratch,
                    TokenChoice* choice);

}  // namespace dynsplit
