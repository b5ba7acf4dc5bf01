#include "select/selector.h"

#include <algorithm>

#include "base/check.h"
#include "select/policies.h"
#include "select/token_selection.h"

namespace dynsplit {
namespace {

// A new policy is one file and one line here.
PolicyFunction FindPolicy(Policy policy) {
  switch (policy) {
    case Policy::kAll:
      return SelectAll;
    case Policy::kRecent:
      return SelectRecent;
    case Policy::kTop:
      return SelectTop;
    case Policy::kRandom:
      return SelectRandom;
    case Policy::kOracle:
      return SelectOracle;
    case Policy::kSnapKv:
    case Policy::kH2o:
      return SelectVotes;
  }
  DYNSPLIT_CHECK(false);
}

}  // namespace

void SelectBlocks(const Method& method, const SelectInput& input, SelectScratch* scratch,
                  std::vector<int32_t>* chosen) {
  DYNSPLIT_CHECK(!ChoosesTokens(method));
  chosen->clear();
  DYNSPLIT_CHECK(input.first_block >= 0);
  DYNSPLIT_CHECK(input.end_block <= static_cast<int64_t>(input.blocks.size()));
  if (input.first_block >= input.end_block) return;
  FindPolicy(method.policy)(method, input, scratch, chosen);
  std::sort(chosen->begin(), chosen->end());
}

}  // namespace dynsplit
