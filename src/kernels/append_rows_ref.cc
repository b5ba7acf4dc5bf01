#include "kernels/append_rows.h"
#include "kernels/f16.h"
#include "kernels/page_codec.h"

namespace dynsplit {
namespace {

void StoreRow(KvType type, const float* from, int row, int width, f16* page) {
  if (type == KvType::kQ8) return EncodeQ8RowRef(from, row, width, page);
  for (int j = 0; j < width; ++j) page[row * width + j] = F16FromF32(from[j]);
}

}  // namespace

void AppendRowsRef(const AppendRowsArgs& args) {
  for (int i = 0; i < args.rows; ++i) {
    const int64_t token = args.first_token + i;
    const int row = static_cast<int>(token % kPageTokens);
    StoreRow(args.type, args.keys + i * args.row_stride, row, args.head_dim,
             args.key_pages[token / kPageTokens]);
    StoreRow(args.type, args.values + i * args.value_row_stride, row, args.value_dim,
             args.value_pages[token / kPageTokens]);
  }
}

}  // namespace dynsplit
