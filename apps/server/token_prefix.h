// How far two texts are the same.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

namespace dynsplit::server {

inline int64_t CommonPrefix(std::span<const int32_t> a, std::span<const int32_t> b) {
  return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
}

inline bool IsPrefix(std::span<const int32_t> prefix, std::span<const int32_t> text) {
  return CommonPrefix(prefix, text) == static_cast<int64_t>(prefix.size());
}

}  // namespace dynsplit::server
