// A second look: blocks that their summaries take for the best, a few times as many as the budget
// holds, are ranked anew by what attention gives their keys.
#pragma once

#include "select/selector.h"
#include "select/take_best.h"

namespace dynsplit {

// Sets scratch->candidates to the best blocks, ascending, that hold about `tokens` tokens at the
// mean length. scratch->shares as in TakeBest. Cost: O(blocks), no sort.
void FindCandidates(const SelectInput& input, Rank rank, int64_t tokens, SelectScratch* scratch);

// Reads the keys of the blocks `candidates` (ascending) and of what is always attended to: the
// tokens before input.first_block and those from the end of input.end_block to input.position. A
// head's mass on a key is its share of a softmax over all of these, so that a head that needs
// little but recent has little say; a block's share is that of its keys, pooled over the heads as
// method.pooling says. Takes the best by share per token until the budget is full, or until the
// chosen hold input.budget_mass of the mass, that of what is always attended to included. Under
// Pick::kTokens each key is taken or left by its own share, and *chosen are positions. *chosen is
// empty before. Uses all of `scratch` but candidates. Cost: one pass over these keys. Ours: beyond
// the paper.
void TakeBestByKeys(const Method& method, const SelectInput& input,
                    std::span<const int32_t> candidates, SelectScratch* scratch,
                    std::vector<int32_t>* chosen);

}  // namespace dynsplit
