// The Highway versions of LearnInt2Scale and QuantizeInt2: the same contract, nothing checked. And
// how all versions write a code.
#pragma once

#include "kernels/int2.h"

namespace dynsplit {

inline void SetInt2Code(uint8_t* groups, const Int2Place& place, int code) {
  uint8_t& byte = groups[place.byte];
  byte = static_cast<uint8_t>((byte & ~(3 << place.shift)) | (code << place.shift));
}

void LearnInt2ScaleSimd(const Int2Vectors& vectors, f16* scale);
void QuantizeInt2Simd(const Int2Vectors& vectors, const f16* scale, int64_t first, uint8_t* groups);

}  // namespace dynsplit
