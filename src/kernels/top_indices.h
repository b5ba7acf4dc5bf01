// The greatest of many values, by counting: no sort.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dynsplit {

// Room that grows to what it is used for and is then reused. One per thread.
struct TopIndicesScratch {
  std::vector<uint64_t> bucket;  // the values that share the least one's leading bits
  std::vector<int32_t> near;     // indices of those that a sample says may be among the greatest
};

// Sets *indices to those of the `count` greatest values, ascending; the lower index first where
// values are equal. A NaN, or less than nothing, counts as 0. All of them where there are no more
// than `count`. At most 2^31 - 1 values. Cost: where a sample of every 16th bounds the `count`
// greatest, one pass over the values and a selection among those above the bound, a half more than
// `count` or so; else two passes and a selection among those that agree with the least one chosen
// in all but 21 bits. Thread safety: distinct scratch and indices.
void TopIndices(std::span<const float> values, int64_t count, TopIndicesScratch* scratch,
                std::vector<int32_t>* indices);
void TopIndicesRef(std::span<const float> values, int64_t count, std::vector<int32_t>* indices);

}  // namespace dynsplit
