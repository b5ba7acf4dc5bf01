// Append: writes the new tokens' keys and values into pages, f32 to f16 (round to nearest even) or
// to 8 bits.
#pragma once

#include "kernels/kv_view.h"

namespace dynsplit {

struct AppendRowsArgs {
  const float* keys = nullptr;    // row i at keys + i * row_stride: [rows, head_dim], after RoPE
  const float* values = nullptr;  // likewise
  int64_t row_stride = 0;         // elements between rows of keys, and of values
  int64_t first_token = 0;        // where row 0 goes
  int rows = 0;
  int head_dim = 0;
  // Writable pages of one (layer, KV head), indexed by token / kPageTokens.
  f16* const* key_pages = nullptr;
  f16* const* value_pages = nullptr;
  KvType type = KvType::kF16;  // of these pages; not kQ4, which takes whole pages
};

// Cost: one pass over the rows. Thread safety: calls may run at once on distinct rows.
void AppendRows(const AppendRowsArgs& args);
void AppendRowsRef(const AppendRowsArgs& args);

}  // namespace dynsplit
