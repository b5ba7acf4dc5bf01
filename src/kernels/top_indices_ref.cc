#include <algorithm>
#include <numeric>

#include "kernels/top_indices.h"

namespace dynsplit {

void TopIndicesRef(std::span<const float> values, int64_t count, std::vector<int32_t>* indices) {
  const auto ordered = [&](int32_t i) {
    return values[static_cast<size_t>(i)] > 0 ? values[i] : 0;
  };
  indices->resize(values.size());
  std::iota(indices->begin(), indices->end(), 0);
  std::stable_sort(indices->begin(), indices->end(),
                   [&](int32_t a, int32_t b) { return ordered(a) > ordered(b); });
  if (static_cast<int64_t>(indices->size()) > count) indices->resize(static_cast<size_t>(count));
  std::sort(indices->begin(), indices->end());
}

}  // namespace dynsplit
