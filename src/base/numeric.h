// Size arithmetic for numbers that come from a file: overflow gives nullopt instead of a wrong,
// small size.
#pragma once

#include <cstdint>
#include <optional>

namespace dynsplit {

inline std::optional<uint64_t> CheckedAdd(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

inline std::optional<uint64_t> CheckedMultiply(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

// The smallest multiple of `multiple` (> 0) that is not below `a`.
inline std::optional<uint64_t> CheckedRoundUp(uint64_t a, uint64_t multiple) {
  const uint64_t rest = a % multiple;
  return rest == 0 ? std::optional<uint64_t>(a) : CheckedAdd(a, multiple - rest);
}

}  // namespace dynsplit
