// Writes pages of another type than f16 and reads them back: how rows lie is in
// page_format.h. The attention kernels decode rows themselves, by the same code.
#pragma once

#include <vector>

#include "kernels/kv_view.h"

namespace dynsplit {

// Writes a whole page; `type` is not kF16. An element's error is at most half a scale or step (of
// the range of its group 1/254 or 1/30), and what rounding to f16 adds. Scales are rounded up, so
// that no code is out of range. Cost: two passes over the rows. Thread safety: distinct pages.
void EncodePage(KvType type, const f16* rows, int head_dim, f16* page);
void EncodePageRef(KvType type, const f16* rows, int head_dim, f16* page);

// Writes rows [first, first + count) of a page of any type to `rows`, [count, head_dim].
void DecodePage(KvType type, const f16* page, RowRange range, int head_dim, f16* rows);
void DecodePageRef(KvType type, const f16* page, RowRange range, int head_dim, f16* rows);

// For references: writes row `row` of a page of 8 bits, and reads a row of any.
void EncodeQ8RowRef(const float* values, int row, int head_dim, f16* page);
std::vector<f16> DecodedRow(const PartView& part, int64_t token);

}  // namespace dynsplit
