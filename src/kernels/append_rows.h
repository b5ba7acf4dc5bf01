// Append: writes the new tokens' keys and values into pages, f32 to f16 (round to nearest even) or
// to 8 bits.
#pragma once

#include "kernels/kv_view.h"

namespace dynsplit {

struct AppendRowsArgs {
  // Row i at keys + i * row_stride, [head_dim], after RoPE, and at values + i * value_row_stride,
  // [value_dim].
  const float* keys = nullptr;
  const float* values = nullptr;
  int64_t row_stride = 0;
  int64_t first_token = 0;  // where row 0 goes
  int rows = 0;
  int head_dim = 0;
  // Writable pages of one (layer, KV head), indexed by token / kPageTokens.
  f16* const* key_pages = nullptr;
  f16* const* value_pages = nullptr;
  KvType type = KvType::kF16;  // of these pages; not kQ4, which takes whole pages
  // Where values are not as wide as keys:
  int value_dim = head_dim;
  int64_t value_row_stride = row_stride;
};

// Cost: one pass over the rows. Thread safety: calls may run at once on distinct rows.
void AppendRows(const AppendRowsArgs& args);
void AppendRowsRef(const AppendRowsArgs& args);

}  // namespace dynsplit
