#include <algorithm>
#include <cmath>

#include "kernels/code_scale.h"
#include "kernels/f16.h"
#include "kernels/page_codec.h"

namespace dynsplit {
namespace {

struct Range {
  float min = 0;
  float max = 0;
};

Range RangeOfChannel(const f16* rows, size_t d, size_t j) {
  Range range = {F32FromF16(rows[j]), F32FromF16(rows[j])};
  for (size_t row = 1; row < kPageTokens; ++row) {
    const float value = F32FromF16(rows[row * d + j]);
    range = {std::fmin(range.min, value), std::fmax(range.max, value)};
  }
  return range;
}

void EncodeQ4Channel(const f16* rows, size_t d, size_t j, f16* page) {
  const Range range = RangeOfChannel(rows, d, j);
  const CodeScale scale = ScaleOf(range.max - range.min, kMostQ4, range.min);
  page[Q4Steps(d) + j] = scale.stored;
  page[Q4Steps(d) + d + j] = F16FromF32(range.min);
  auto* codes = reinterpret_cast<uint8_t*>(page);
  for (size_t row = 0; row < kPageTokens; ++row) {
    const float value = F32FromF16(rows[row * d + j]) - range.min;
    const auto code =
        static_cast<uint8_t>(std::clamp(std::nearbyint(value * scale.inverse), 0.0f, kMostQ4));
    uint8_t& both = codes[Q4Codes(d, row) + j];
    both = row % 2 == 0 ? code : static_cast<uint8_t>(both | code << 4);
  }
}

float DecodeQ8Ref(const f16* page, size_t d, size_t row, size_t j) {
  const auto* codes = reinterpret_cast<const int8_t*>(page);
  const f16 scale = page[Q8Scales(d) + row * NumQ8Groups(d) + j / kQ8Group];
  return F32FromF16(scale) * codes[row * d + j];
}

float DecodeQ4Ref(const f16* page, size_t d, size_t row, size_t j) {
  const auto* codes = reinterpret_cast<const uint8_t*>(page);
  const int code = codes[Q4Codes(d, row) + j] >> (row % 2 * 4) & 15;
  return F32FromF16(page[Q4Steps(d) + d + j]) +
         F32FromF16(page[Q4Steps(d) + j]) * static_cast<float>(code);
}

f16 DecodeElement(KvType type, const f16* page, size_t d, size_t row, size_t j) {
  switch (type) {
    case KvType::kF16:
      return page[row * d + j];
    case KvType::kQ8:
      return F16FromF32(DecodeQ8Ref(page, d, row, j));
    case KvType::kQ4:
      return F16FromF32(DecodeQ4Ref(page, d, row, j));
  }
  return 0;
}

}  // namespace

void EncodeQ8RowRef(const float* values, int row, int head_dim, f16* page) {
  const auto d = static_cast<size_t>(head_dim);
  auto* codes = reinterpret_cast<int8_t*>(page) + static_cast<size_t>(row) * d;
  f16* scales = page + Q8Scales(d) + static_cast<size_t>(row) * NumQ8Groups(d);
  for (size_t first = 0; first < d; first += kQ8Group) {
    const size_t end = std::min(first + kQ8Group, d);
    float largest = 0;
    for (size_t j = first; j < end; ++j) largest = std::fmax(largest, std::fabs(values[j]));
    const CodeScale scale = ScaleOf(largest, kMostQ8, 0);
    scales[first / kQ8Group] = scale.stored;
    for (size_t j = first; j < end; ++j) {
      const float code = std::nearbyint(values[j] * scale.inverse);
      codes[j] = static_cast<int8_t>(std::clamp(code, -kMostQ8, kMostQ8));
    }
  }
}

void EncodePageRef(KvType type, const f16* rows, int head_dim, f16* page) {
  const auto d = static_cast<size_t>(head_dim);
  for (size_t j = 0; type == KvType::kQ4 && j < d; ++j) EncodeQ4Channel(rows, d, j, page);
  for (int row = 0; type == KvType::kQ8 && row < kPageTokens; ++row) {
    std::vector<float> values(d);
    std::transform(rows + static_cast<size_t>(row) * d, rows + static_cast<size_t>(row + 1) * d,
                   values.begin(), F32FromF16);
    EncodeQ8RowRef(values.data(), row, head_dim, page);
  }
}

void DecodePageRef(KvType type, const f16* page, RowRange range, int head_dim, f16* rows) {
  const auto d = static_cast<size_t>(head_dim);
  for (int i = 0; i < range.count; ++i) {
    const auto row = static_cast<size_t>(range.first + i);
    for (size_t j = 0; j < d; ++j) *rows++ = DecodeElement(type, page, d, row, j);
  }
}

std::vector<f16> DecodedRow(const PartView& part, int64_t token) {
  std::vector<f16> row(part.head_dim);
  DecodePageRef(part.Type(token), part.Page(token), {static_cast<int>(token % kPageTokens), 1},
                static_cast<int>(part.head_dim), row.data());
  return row;
}

}  // namespace dynsplit
