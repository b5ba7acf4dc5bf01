// How the scale of a group of values is found: the same for references and vectors.
#pragma once

#include "kernels/f16.h"

namespace dynsplit {

inline constexpr float kMostQ8 = 127;  // the largest codes
inline constexpr float kMostQ4 = 15;

struct CodeScale {
  f16 stored = 0;
  float inverse = 0;  // what values are multiplied by for their codes; 0 where all are alike
};

// For codes up to `most` of values up to `range`, on top of `low`. Rounded up, so that the largest
// value has a code, but where that code would decode to no finite f16.
inline CodeScale ScaleOf(float range, float most, float low) {
  constexpr float kMostF16 = 65504;
  CodeScale scale = {.stored = F16FromF32(range / most)};
  if (F32FromF16(scale.stored) * most < range) ++scale.stored;  // the next larger one
  if (low + F32FromF16(scale.stored) * most > kMostF16) --scale.stored;
  if (F32FromF16(scale.stored) > 0) scale.inverse = 1 / F32FromF16(scale.stored);
  return scale;
}

}  // namespace dynsplit
