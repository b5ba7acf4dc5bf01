// A second look: blocks that their summaries take for the best, a few times as many as the budget
// holds, are ranked anew by what attention gives their keys.
#pragma once

#include "select/selector.h"

namespace dynsplit {

// Reads the keys of the blocks `candidates` (ascending) and of what is always attended to: the
// tokens before input.first_block and those from the end of input.end_block to input.position. A
// head's mass on a key is its share of a softmax over all of these, so that a head that needs
// little but recent has little say; a block's share is that of its keys, pooled over the heads as
// method.pooling says. Takes the best by share per token until the budget is full, or until the
// chosen hold input.budget_mass of the mass, that of what is always attended to included.
// Appends to *chosen. Uses scores, shares, subset, ranking of `scratch`. Cost: one pass over these
// keys. Ours: beyond the paper.
void TakeBestByKeys(const Method& method, const SelectInput& input,
                    std::span<const int32_t> candidates, SelectScratch* scratch,
                    std::vector<int32_t>* chosen);

}  // namespace dynsplit
