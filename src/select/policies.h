// The policies, one file each. All have SelectBlocks' contract, are called with at least one
// candidate and a valid method, and find *chosen empty; `chosen` need not be sorted afterwards.
#pragma once

#include "select/selector.h"

namespace dynsplit {

using PolicyFunction = void (*)(const Method& method, const SelectInput& input,
                                SelectScratch* scratch, std::vector<int32_t>* chosen);

void SelectAll(const Method& method, const SelectInput& input, SelectScratch* scratch,
               std::vector<int32_t>* chosen);
void SelectRecent(const Method& method, const SelectInput& input, SelectScratch* scratch,
                  std::vector<int32_t>* chosen);
void SelectTop(const Method& method, const SelectInput& input, SelectScratch* scratch,
               std::vector<int32_t>* chosen);
void SelectRandom(const Method& method, const SelectInput& input, SelectScratch* scratch,
                  std::vector<int32_t>* chosen);
void SelectOracle(const Method& method, const SelectInput& input, SelectScratch* scratch,
                  std::vector<int32_t>* chosen);
void SelectVotes(const Method& method, const SelectInput& input, SelectScratch* scratch,
                 std::vector<int32_t>* chosen);

}  // namespace dynsplit
