// How many queries the kernels of query_columns-inl.h handle at once.
#pragma once

#include <cstddef>

namespace dynsplit {

// Query vectors (row, head) are handled in blocks of up to 3 vectors of up to 16 lanes, whatever
// the instruction set has; the last block is padded.
inline constexpr size_t kMaxBlockQueries = 48;

}  // namespace dynsplit
