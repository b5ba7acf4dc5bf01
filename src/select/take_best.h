// Fills a budget with the best-scored blocks.
#pragma once

#include "select/selector.h"

namespace dynsplit {

// Whether the tokens of all candidates fit in the budget. Cost: O(1).
bool AllFit(const SelectInput& input);

// Takes every candidate.
void TakeAll(const SelectInput& input, std::vector<int32_t>* chosen);

// Takes candidates by descending score until the budget is full, as SelectBlocks' contract says.
// scores[i] belongs to block first_block + i. At most 2^31 - 1 blocks. Appends to *chosen in no
// particular order. Uses scratch->ranking. Cost: O(candidates + m log m) expected, for m blocks
// looked at: no full sort.
void TakeBest(const SelectInput& input, const float* scores, SelectScratch* scratch,
              std::vector<int32_t>* chosen);

}  // namespace dynsplit
