// The pass of TopIndices that collects: in Highway, nothing checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dynsplit {

inline constexpr size_t kTopIndicesPadding = 16;  // indices that may be overwritten past the last

// A value and its index, by which values are ordered.
struct RankedValue {
  float value = 0;
  int32_t index = 0;
};

// Writes the indices of the values that are not behind `least` in TopIndices' order, and returns
// their number. `indices` has room for that many and kTopIndicesPadding.
size_t CollectTopSimd(std::span<const float> values, RankedValue least, int32_t* indices);

}  // namespace dynsplit
