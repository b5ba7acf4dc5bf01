// The largest single allocation by operator new in this program, libraries included: tests of
// hostile input hold it against the input's size. A program that calls these functions gets its
// operator new and delete from here. Thread-safe.
#pragma once

#include <cstddef>

namespace dynsplit::testing {

void ResetLargestAllocation();
size_t LargestAllocation();  // bytes, since the last reset

}  // namespace dynsplit::testing
