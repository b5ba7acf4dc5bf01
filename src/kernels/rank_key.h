// Floats and their indices as numbers that order them, so that no two are equal.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace dynsplit {

// The bits of floats that are not negative order as the floats do; a NaN, or less than nothing,
// counts as 0.
inline uint32_t OrderedBits(float value) { return value > 0 ? std::bit_cast<uint32_t>(value) : 0; }

// Buckets by exponent and the first two bits of the fraction: they order as the values do.
inline constexpr int kRankBucketShift = 21;
inline constexpr size_t kRankBuckets = size_t{1} << (31 - kRankBucketShift);
inline size_t RankBucket(float value) { return OrderedBits(value) >> kRankBucketShift; }

// The greatest is the best: by value, then by lower index.
inline uint64_t RankKey(float value, uint32_t index) {
  return (uint64_t{OrderedBits(value)} << 32) | (0xffffffffu - index);
}
inline float ValueOf(uint64_t key) {
  return std::bit_cast<float>(static_cast<uint32_t>(key >> 32));
}
inline uint32_t IndexOf(uint64_t key) { return 0xffffffffu - static_cast<uint32_t>(key); }

}  // namespace dynsplit
