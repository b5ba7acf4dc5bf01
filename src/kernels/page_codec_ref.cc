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

// Of `count` values, `stride` apart.
Range RangeOf(const f16* values, size_t count, size_t stride) {
  Range range = {F32FromF16(values[0]), F32FromF16(values[0])};
  for (size_t i = 1; i < count; ++i) {
    const float value = F32FromF16(values[i * stride]);
    range = {std::fmin(range.min, value), std::fmax(range.max, value)};
  }
  return range;
}

// Of keys a group is a channel of all rows, of values some channels of a row.
void EncodeQ4Group(const f16* rows, size_t d, size_t first, bool is_channel, f16* page) {
  const size_t row = first / d;
  const size_t count = is_channel ? size_t{kPageTokens} : std::min(kQ4Group, d - first % d);
  const size_t stride = is_channel ? d : 1;
  const Range range = RangeOf(rows + first, count, stride);
  const CodeScale scale = ScaleOf(range.max - range.min, kMostQ4, range.min);
  const size_t group = is_channel ? first : row * NumQ4Groups(d) + first % d / kQ4Group;
  const size_t num_groups = is_channel ? d : kPageTokens * NumQ4Groups(d);
  page[Q4Steps(d) + group] = scale.stored;
  page[Q4Steps(d) + num_groups + group] = F16FromF32(range.min);
  auto* codes = reinterpret_cast<uint8_t*>(page);
  for (size_t i = first; i < first + count * stride; i += stride) {
    const float code = std::nearbyint((F32FromF16(rows[i]) - range.min) * scale.inverse);
    const auto half = static_cast<uint8_t>(std::clamp(code, 0.0f, kMostQ4));
    uint8_t& both = codes[i / d / 2 * d + i % d];
    both = i / d % 2 == 0 ? half : static_cast<uint8_t>(both | half << 4);
  }
}

float DecodeQ8Ref(const f16* page, size_t d, size_t row, size_t j) {
  const auto* codes = reinterpret_cast<const int8_t*>(page);
  const f16 scale = page[Q8Scales(d) + row * NumQ8Groups(d) + j / kQ8Group];
  return F32FromF16(scale) * codes[row * d + j];
}

float DecodeQ4Ref(const f16* page, size_t d, size_t row, size_t j, bool is_channel) {
  const auto* codes = reinterpret_cast<const uint8_t*>(page);
  const size_t group = is_channel ? j : row * NumQ4Groups(d) + j / kQ4Group;
  const size_t num_groups = is_channel ? d : kPageTokens * NumQ4Groups(d);
  const int code = codes[row / 2 * d + j] >> (row % 2 * 4) & 15;
  return F32FromF16(page[Q4Steps(d) + num_groups + group]) +
         F32FromF16(page[Q4Steps(d) + group]) * static_cast<float>(code);
}

f16 DecodeElement(PageFormat format, const f16* page, size_t d, size_t row, size_t j) {
  switch (format) {
    case PageFormat::kF16:
      return page[row * d + j];
    case PageFormat::kQ8:
      return F16FromF32(DecodeQ8Ref(page, d, row, j));
    case PageFormat::kQ4Keys:
      return F16FromF32(DecodeQ4Ref(page, d, row, j, /*is_channel=*/true));
    case PageFormat::kQ4Values:
      return F16FromF32(DecodeQ4Ref(page, d, row, j, /*is_channel=*/false));
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

void EncodePageRef(PageFormat format, const f16* rows, int head_dim, f16* page) {
  const auto d = static_cast<size_t>(head_dim);
  for (int row = 0; format == PageFormat::kQ8 && row < kPageTokens; ++row) {
    std::vector<float> values(d);
    std::transform(rows + static_cast<size_t>(row) * d, rows + static_cast<size_t>(row + 1) * d,
                   values.begin(), F32FromF16);
    EncodeQ8RowRef(values.data(), row, head_dim, page);
  }
  if (format == PageFormat::kQ8) return;
  const bool is_channel = format == PageFormat::kQ4Keys;
  for (size_t row = 0; row < (is_channel ? 1 : kPageTokens); ++row) {
    for (size_t j = 0; j < d; j += is_channel ? 1 : kQ4Group) {
      EncodeQ4Group(rows, d, row * d + j, is_channel, page);
    }
  }
}

void DecodePageRef(PageFormat format, const f16* page, RowRange range, int head_dim, f16* rows) {
  const auto d = static_cast<size_t>(head_dim);
  for (int i = 0; i < range.count; ++i) {
    const auto row = static_cast<size_t>(range.first + i);
    for (size_t j = 0; j < d; ++j) *rows++ = DecodeElement(format, page, d, row, j);
  }
}

std::vector<f16> DecodedRow(const PartView& part, int64_t token) {
  std::vector<f16> row(part.head_dim);
  DecodePageRef(part.Format(token), part.Page(token), {static_cast<int>(token % kPageTokens), 1},
                static_cast<int>(part.head_dim), row.data());
  return row;
}

}  // namespace dynsplit
