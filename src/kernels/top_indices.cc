#include "kernels/top_indices.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/check.h"
#include "kernels/rank_key.h"
#include "kernels/top_indices_simd.h"

namespace dynsplit {
namespace {

// The last of the `count` greatest; 0 < count < values.
RankedValue LeastOfTop(std::span<const float> values, int64_t count, TopIndicesScratch* scratch) {
  uint32_t in_bucket[kRankBuckets] = {};
  for (const float value : values) ++in_bucket[RankBucket(value)];
  size_t bucket = kRankBuckets;
  int64_t left = count;
  do {
    left -= in_bucket[--bucket];
  } while (left > 0);
  scratch->bucket.clear();
  for (size_t i = 0; i < values.size(); ++i) {
    if (RankBucket(values[i]) != bucket) continue;
    scratch->bucket.push_back(RankKey(values[i], static_cast<uint32_t>(i)));
  }
  // All of the bucket but -left were wanted.
  const auto last = scratch->bucket.end() - 1 + left;
  std::nth_element(scratch->bucket.begin(), last, scratch->bucket.end(), std::greater<>());
  return {.value = ValueOf(*last), .index = static_cast<int32_t>(IndexOf(*last))};
}

}  // namespace

void TopIndices(std::span<const float> values, int64_t count, TopIndicesScratch* scratch,
                std::vector<int32_t>* indices) {
  DYNSPLIT_CHECK(count >= 0 && values.size() <= size_t{0x7fffffff});
  if (count >= static_cast<int64_t>(values.size())) {
    indices->resize(values.size());
    std::iota(indices->begin(), indices->end(), 0);
    return;
  }
  indices->clear();
  if (count == 0) return;
  const RankedValue least = LeastOfTop(values, count, scratch);
  indices->resize(static_cast<size_t>(count) + kTopIndicesPadding);
  const size_t collected = CollectTopSimd(values, least, indices->data());
  DYNSPLIT_CHECK(collected == static_cast<size_t>(count));
  indices->resize(collected);
}

}  // namespace dynsplit
