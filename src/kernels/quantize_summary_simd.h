// The Highway version of QuantizeSummary: the same contract, nothing checked. And the scale that
// all versions take.
#pragma once

#include <bit>

#include "kernels/quantize_summary.h"

namespace dynsplit {

// max / 127, rounded up to 16 significant bits; 1 where all is zero.
inline float SummaryScale(float max) {
  if (max == 0) return 1;
  return std::bit_cast<float>((std::bit_cast<uint32_t>(max / 127) + 0xffu) & ~0xffu);
}

void QuantizeSummarySimd(const QuantizeSummaryArgs& args, int8_t* int8s, float* scales);

}  // namespace dynsplit
