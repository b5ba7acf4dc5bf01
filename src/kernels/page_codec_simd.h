// The Highway versions of EncodePage and DecodePage: the same contracts, nothing checked.
#pragma once

#include "kernels/page_codec.h"

namespace dynsplit {

void EncodePageSimd(KvType type, const f16* rows, int head_dim, f16* page);
void DecodePageSimd(KvType type, const f16* page, RowRange range, int head_dim, f16* rows);

}  // namespace dynsplit
