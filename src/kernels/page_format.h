// How the rows of a page are held: as f16, or encoded. What a page holds is, for everybody who
// reads it, the f16 values that it decodes to: each is computed exactly and rounded once, so that
// it is the same on every instruction set, whoever decodes it.
//
//   kF16  rows [64, d] f16
//   kQ8   codes [64, d] int8, then scales [64, groups of 32 channels] f16: value = scale * code
//   kQ4   codes [32, d] uint8, byte (i, j) has row 2 i in its low half and row 2 i + 1 in its high
//         one; steps [d] and lows [d] f16: value = low + step * code. A channel's step is that of
//         the page: channels of keys differ more than tokens do (KIVI, arXiv 2402.02750). So, a
//         little, do those of values, which KIVI takes by token (docs/memory.md, "Types"). The
//         steps lie between both halves of the codes, near to any row: who needs a few rows of a
//         page on a disk reads little else
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "dynsplit/kv_type.h"

namespace dynsplit {

using f16 = uint16_t;  // the bits of an IEEE 754 binary16

inline constexpr int kPageTokens = 64;  // tokens of one (layer, KV head) in a page
inline constexpr int kMaxHeadDim = 256;

enum class KvPart { kKeys, kValues };

inline constexpr size_t kQ8Group = 32;  // channels that share a scale

constexpr size_t NumQ8Groups(size_t head_dim) { return (head_dim + kQ8Group - 1) / kQ8Group; }

// Of f16 values.
constexpr size_t PageElements(int head_dim) {
  return size_t{kPageTokens} * static_cast<size_t>(head_dim);
}

// A multiple of 64. At head_dim 64: 8192, 4352, 2304.
constexpr size_t PageBytes(KvType type, int head_dim) {
  const auto d = static_cast<size_t>(head_dim);
  if (type == KvType::kQ8) return kPageTokens * (d + NumQ8Groups(d) * sizeof(f16));
  if (type == KvType::kQ4) return kPageTokens * d / 2 + 2 * d * sizeof(f16);
  return PageElements(head_dim) * sizeof(f16);
}

// Offsets in f16 values from the start of a page.
constexpr size_t Q8Scales(size_t head_dim) { return kPageTokens * head_dim / 2; }
constexpr size_t Q4Steps(size_t head_dim) { return kPageTokens * head_dim / 8; }
// In bytes, of the codes of a row and its neighbour.
constexpr size_t Q4Codes(size_t head_dim, size_t row) {
  return row / 2 * head_dim + (row < kPageTokens / 2 ? 0 : 2 * head_dim * sizeof(f16));
}

// Where the first `rows` rows of a page lie in it: two fields at most. All of it where its steps
// are those of all rows.
struct PageField {
  size_t first = 0;  // in f16 values
  size_t count = 0;
};
constexpr std::array<PageField, 2> PageFields(KvType type, size_t head_dim, size_t rows) {
  switch (type) {
    case KvType::kF16:
      return {{{0, rows * head_dim}, {}}};
    case KvType::kQ8:
      return {{{0, rows * head_dim / 2}, {Q8Scales(head_dim), rows * NumQ8Groups(head_dim)}}};
    case KvType::kQ4:
      return {{{0, PageBytes(type, static_cast<int>(head_dim)) / sizeof(f16)}, {}}};
  }
  return {};
}

struct RowRange {
  int first = 0;
  int count = kPageTokens;
};

// Bytes of a page, one after the other, that hold some rows, at least one, and all that decodes
// them.
struct PageBytesRange {
  size_t first = 0;
  size_t count = 0;
};
constexpr PageBytesRange BytesOfRows(KvType type, int head_dim, RowRange rows) {
  const auto d = static_cast<size_t>(head_dim);
  const auto row = static_cast<size_t>(rows.first);
  const size_t last = row + static_cast<size_t>(rows.count) - 1;
  switch (type) {
    case KvType::kF16:
      return {row * d * sizeof(f16), (last + 1 - row) * d * sizeof(f16)};
    case KvType::kQ8:
      return {row * d, PageBytes(type, head_dim) - row * d};
    case KvType::kQ4: {
      const size_t steps = Q4Steps(d) * sizeof(f16), behind_steps = steps + 2 * d * sizeof(f16);
      const size_t begin = std::min(Q4Codes(d, row), steps);
      return {begin, std::max(Q4Codes(d, last) + d, behind_steps) - begin};
    }
  }
  return {};
}

}  // namespace dynsplit
