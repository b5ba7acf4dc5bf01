#include <cmath>

#include "kernels/f16.h"
#include "kernels/int2.h"

namespace dynsplit {

float Int2Value(const f16* scale, int head_dim, int j, int code) {
  return F32FromF16(scale[j]) + F32FromF16(scale[head_dim + j]) * (static_cast<float>(code) - 1.5f);
}

void LearnInt2ScaleRef(const Int2Vectors& vectors, f16* scale) {
  const int d = vectors.head_dim;
  const auto count = static_cast<double>(vectors.count);
  const auto element = [&](int64_t i, int j) {
    return double{F32FromF16(vectors.first[i * d + j])};
  };
  double square = 0;
  for (int64_t i = 0; i < vectors.count; ++i) {
    for (int j = 0; j < d; ++j) square += element(i, j) * element(i, j);
  }
  const double least = std::sqrt(square / (count * d)) / 16;
  for (int j = 0; j < d; ++j) {
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < vectors.count; ++i) mean += element(i, j) / count;
    for (int64_t i = 0; i < vectors.count; ++i) {
      variance += (element(i, j) - mean) * (element(i, j) - mean) / count;
    }
    scale[j] = F16FromF32(static_cast<float>(mean));
    scale[d + j] = F16FromF32(static_cast<float>(std::fmax(std::sqrt(variance), least)));
  }
}

void QuantizeInt2Ref(const Int2Vectors& vectors, const f16* scale, int64_t first, uint8_t* panels) {
  const int d = vectors.head_dim;
  for (int64_t i = 0; i < vectors.count; ++i) {
    for (int j = 0; j < d; ++j) {
      const float step = F32FromF16(scale[d + j]);
      const float inverse = step > 0 ? 1 / step : 0;
      const float away = F32FromF16(vectors.first[i * d + j]) - F32FromF16(scale[j]);
      const float code = std::floor(std::fmin(std::fmax(away * inverse + 2.0f, 0.0f), 3.0f));
      SetInt2Code(panels, PlaceOfInt2(d, first + i, j), static_cast<int>(code));
    }
  }
}

}  // namespace dynsplit
