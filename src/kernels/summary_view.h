// Summaries in memory, as the index holds them and the kernels read them (method.md section 4).
#pragma once

#include "dynsplit/method.h"
#include "kernels/kv_view.h"

namespace dynsplit {

// kMean: r vectors, means of the block's runs of keys. kMinMax: two vectors, elementwise minimum,
// then maximum.
using SummaryKind = Summary;

// A row of summaries is what one dot product is taken with and what has one scale in int8: a mean,
// or both bounds of a block side by side.
constexpr int SummaryRows(SummaryKind kind, int vectors) {
  return kind == SummaryKind::kMinMax ? 1 : vectors;
}
constexpr int SummaryRowLength(SummaryKind kind, int head_dim) {
  return kind == SummaryKind::kMinMax ? 2 * head_dim : head_dim;
}

// The summaries of consecutive blocks, in one of the types (SummaryType); the others are null.
struct SummaryView {
  const f16* f16s = nullptr;  // [num_blocks, vectors, head_dim]

  const int8_t* int8s = nullptr;  // [num_blocks, vectors, head_dim], times
  const float* scales = nullptr;  // [num_blocks, rows]

  // For kMean: vectors [num_blocks, vectors] from number int2_first of these panels, by a scale
  // that is the same for all of them (kernels/int2.h).
  const uint8_t* int2s = nullptr;
  const f16* int2_scale = nullptr;
  int64_t int2_first = 0;
};

}  // namespace dynsplit
