#include "kernels/int2.h"

#include "base/check.h"
#include "kernels/int2_simd.h"

namespace dynsplit {
namespace {

void Check(const Int2Vectors& vectors) {
  DYNSPLIT_CHECK(vectors.count >= 0);
  DYNSPLIT_CHECK(vectors.head_dim > 0 && vectors.head_dim <= kMaxHeadDim);
  DYNSPLIT_CHECK(vectors.head_dim % 16 == 0);
}

}  // namespace

void LearnInt2Scale(const Int2Vectors& vectors, f16* scale) {
  Check(vectors);
  DYNSPLIT_CHECK(vectors.count > 0);
  LearnInt2ScaleSimd(vectors, scale);
}

void QuantizeInt2(const Int2Vectors& vectors, const f16* scale, int64_t first, uint8_t* panels) {
  Check(vectors);
  DYNSPLIT_CHECK(first >= 0);
  QuantizeInt2Simd(vectors, scale, first, panels);
}

}  // namespace dynsplit
