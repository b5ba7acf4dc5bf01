#include "kernels/page_codec.h"

#include "base/check.h"
#include "kernels/page_codec_simd.h"

namespace dynsplit {
namespace {

void CheckHeadDim(int head_dim) {
  DYNSPLIT_CHECK(head_dim > 0 && head_dim % 16 == 0 && head_dim <= kMaxHeadDim);
}

}  // namespace

void EncodePage(KvType type, const f16* rows, int head_dim, f16* page) {
  CheckHeadDim(head_dim);
  DYNSPLIT_CHECK(type != KvType::kF16);
  EncodePageSimd(type, rows, head_dim, page);
}

void DecodePage(KvType type, const f16* page, RowRange range, int head_dim, f16* rows) {
  CheckHeadDim(head_dim);
  DYNSPLIT_CHECK(range.first >= 0 && range.count >= 0 && range.first + range.count <= kPageTokens);
  DecodePageSimd(type, page, range, head_dim, rows);
}

}  // namespace dynsplit
