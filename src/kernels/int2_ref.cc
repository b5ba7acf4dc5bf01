#include <cmath>

#include "kernels/f16.h"
#include "kernels/int2.h"

namespace dynsplit {

float Int2Value(const f16* scale, int head_dim, int j, int code) {
  return F32FromF16(scale[j]) + F32FromF16(scale[head_dim + j]) * (static_cast<float>(code) - 1.5f);
}

void QuantizeInt2Ref(const Int2Vectors& vectors, const f16* scale, int64_t first, uint8_t* groups) {
  const int d = vectors.head_dim;
  for (int64_t i = 0; i < vectors.count; ++i) {
    for (int j = 0; j < d; ++j) {
      const float step = F32FromF16(scale[d + j]);
      const float inverse = step > 0 ? 1 / step : 0;
      const float away = F32FromF16(vectors.first[i * d + j]) - F32FromF16(scale[j]);
      const float code = std::floor(std::fmin(std::fmax(away * inverse + 2.0f, 0.0f), 3.0f));
      SetInt2Code(groups, PlaceOfInt2(d, first + i, j), static_cast<int>(code));
    }
  }
}

}  // namespace dynsplit
