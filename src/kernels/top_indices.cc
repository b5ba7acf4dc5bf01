#include "kernels/top_indices.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <iterator>
#include <limits>
#include <numeric>
#include <span>

#include "base/check.h"
#include "kernels/rank_key.h"
#include "kernels/top_indices_simd.h"

namespace dynsplit {
namespace {

constexpr int64_t kSampled = 16;    // one of so many
constexpr int64_t kLeastShare = 4;  // a sample pays where less than such a part of all is wanted
constexpr int64_t kLeastValues = 2048;  // fewer are soon counted

// The counts of every stride-th value's bucket, from the greatest down.
class BucketCounts {
 public:
  BucketCounts(std::span<const float> values, size_t stride) {
    for (size_t i = 0; i < values.size(); i += stride) ++counts_[RankBucket(values[i])];
  }

  // The last bucket that the `wanted` greatest reach into, and how many it has beyond them.
  struct Last {
    size_t bucket = kRankBuckets;
    int64_t beyond = 0;
  };
  Last LastOf(int64_t wanted) const {
    Last last = {.beyond = -wanted};
    do {
      last.beyond += counts_[--last.bucket];
    } while (last.beyond < 0 && last.bucket > 0);
    return last;
  }

 private:
  uint32_t counts_[kRankBuckets] = {};
};

// What most likely fewer than twice `count` values reach, and `count` do; 0: nothing is known.
float SampledBound(std::span<const float> values, int64_t count) {
  const auto size = static_cast<int64_t>(values.size());
  if (size < kLeastValues || count * kLeastShare > size) return 0;
  const int64_t sampled = count / kSampled;
  const auto last = BucketCounts(values, kSampled).LastOf(sampled + sampled / 4 + 8);
  return std::bit_cast<float>(static_cast<uint32_t>(last.bucket << kRankBucketShift));
}

// The last of the `count` greatest; 0 < count < values.
RankedValue LeastOfTop(std::span<const float> values, int64_t count, TopIndicesScratch* scratch) {
  const auto [bucket, beyond] = BucketCounts(values, 1).LastOf(count);
  scratch->bucket.clear();
  for (size_t i = 0; i < values.size(); ++i) {
    if (RankBucket(values[i]) != bucket) continue;
    scratch->bucket.push_back(RankKey(values[i], static_cast<uint32_t>(i)));
  }
  const auto last = scratch->bucket.end() - 1 - beyond;
  std::nth_element(scratch->bucket.begin(), last, scratch->bucket.end(), std::greater<>());
  return {.value = ValueOf(*last), .index = static_cast<int32_t>(IndexOf(*last))};
}

// The same among those values that reach `bound`. False where fewer than `count` do.
bool TopAbove(float bound, std::span<const float> values, int64_t count, TopIndicesScratch* scratch,
              std::vector<int32_t>* indices) {
  std::vector<int32_t>& room = scratch->near;
  room.resize(std::max(room.size(), values.size() + kTopIndicesPadding));
  const size_t reach =
      CollectTopSimd(values, {bound, std::numeric_limits<int32_t>::max()}, room.data());
  const auto near = std::span(room).first(reach);
  if (static_cast<int64_t>(near.size()) < count) return false;
  const auto key = [&](int32_t i) {
    return RankKey(values[static_cast<size_t>(i)], static_cast<uint32_t>(i));
  };
  std::vector<uint64_t>& keys = scratch->bucket;
  keys.resize(near.size());
  std::transform(near.begin(), near.end(), keys.begin(), key);
  const auto last = keys.begin() + (count - 1);
  std::nth_element(keys.begin(), last, keys.end(), std::greater<>());
  const uint64_t least = *last;
  std::copy_if(near.begin(), near.end(), std::back_inserter(*indices),
               [&](int32_t i) { return key(i) >= least; });
  return true;
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
  const float bound = SampledBound(values, count);
  if (bound > 0 && TopAbove(bound, values, count, scratch, indices)) return;
  const RankedValue least = LeastOfTop(values, count, scratch);
  indices->resize(static_cast<size_t>(count) + kTopIndicesPadding);
  const size_t collected = CollectTopSimd(values, least, indices->data());
  DYNSPLIT_CHECK(collected == static_cast<size_t>(count));
  indices->resize(collected);
}

}  // namespace dynsplit
