#include "select/policies.h"

namespace dynsplit {

// Sink and recent only: StreamingLLM, arXiv 2309.17453.
void SelectRecent(const Method&, const SelectInput&, SelectScratch*, std::vector<int32_t>*) {}

}  // namespace dynsplit
