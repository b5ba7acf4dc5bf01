// Fills a budget with the best-scored blocks.
#pragma once

#include "select/selector.h"

namespace dynsplit {

// What blocks are ranked by.
enum class Rank { kShare, kPerToken };
Rank RankOf(const Method& method);

// Of all candidates, which are consecutive and at least one. Cost: O(1).
int64_t TotalTokens(const SelectInput& input);

// Whether the tokens of all candidates fit in a budget that nothing but tokens limits. Cost: O(1).
bool AllFit(const SelectInput& input);

// Takes every candidate.
void TakeAll(const SelectInput& input, std::vector<int32_t>* chosen);

// Takes candidates, which need not be consecutive, by descending rank until the budget is full, or
// the shares of the chosen add up to budget_mass of all, as SelectBlocks' contract says.
// scratch->shares[i] belongs to block first_block + i. At most 2^31 - 1 blocks. Appends to *chosen
// in no particular order. Uses scratch->ranking. Cost: O(candidates + m log m) expected, for m
// blocks looked at: no full sort.
void TakeBest(const SelectInput& input, Rank rank, SelectScratch* scratch,
              std::vector<int32_t>* chosen);

}  // namespace dynsplit
