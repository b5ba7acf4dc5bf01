// One binary16 value at a time, for the references, tests and rare single values. The kernels
// convert whole vectors (f16-inl.h). Correct for zeros, subnormals, infinities and NaN on every
// machine, and independent of its instruction set.
#pragma once

#include <bit>
#include <cstdint>

#include "kernels/kv_view.h"

namespace dynsplit {

// Exact.
inline float F32FromF16(f16 h) {
  const uint32_t sign = (h & 0x8000u) << 16;
  const uint32_t exponent = (h >> 10) & 0x1f;
  const uint32_t mantissa = h & 0x3ffu;
  if (exponent == 0) {  // zero or subnormal: a multiple of 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1.0p-24f;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(magnitude) | sign);
  }
  const uint32_t exponent32 = exponent == 0x1f ? 0xff : exponent + (127 - 15);
  return std::bit_cast<float>(sign | (exponent32 << 23) | (mantissa << 13));
}

// Rounds to nearest, ties to even; 65520 and above give infinity.
inline f16 F16FromF32(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<f16>(sign | 0x7e00u);  // NaN
  if (magnitude >= 0x477ff000u) return static_cast<f16>(sign | 0x7c00u);
  if (magnitude < 0x38800000u) {  // below 2^-14: adding 0.5 rounds to a multiple of 2^-24
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<f16>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3f000000u));
  }
  const uint32_t odd = (magnitude >> 13) & 1;
  const uint32_t rounded = magnitude + 0xfffu + odd - (uint32_t{127 - 15} << 23);
  return static_cast<f16>(sign | (rounded >> 13));
}

}  // namespace dynsplit
