#include "select/policies.h"
#include "select/take_best.h"

namespace dynsplit {

// Full attention: the baseline that every other policy is held against.
void SelectAll(const Method&, const SelectInput& input, SelectScratch*,
               std::vector<int32_t>* chosen) {
  TakeAll(input, chosen);
}

}  // namespace dynsplit
