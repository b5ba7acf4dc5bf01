// The Highway versions of LearnInt2Scale and QuantizeInt2: the same contract, nothing checked.
#pragma once

#include "kernels/int2.h"

namespace dynsplit {

void LearnInt2ScaleSimd(const Int2Vectors& vectors, f16* scale);
void QuantizeInt2Simd(const Int2Vectors& vectors, const f16* scale, int64_t first, uint8_t* panels);

}  // namespace dynsplit
