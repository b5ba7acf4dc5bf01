#include "kernels/append_rows.h"
#include "kernels/f16.h"
#include "kernels/page_codec.h"

namespace dynsplit {
namespace {

void StoreRow(const AppendRowsArgs& args, const float* from, int row, f16* page) {
  if (args.type == KvType::kQ8) return EncodeQ8RowRef(from, row, args.head_dim, page);
  for (int j = 0; j < args.head_dim; ++j) page[row * args.head_dim + j] = F16FromF32(from[j]);
}

}  // namespace

void AppendRowsRef(const AppendRowsArgs& args) {
  for (int i = 0; i < args.rows; ++i) {
    const int64_t token = args.first_token + i;
    const int row = static_cast<int>(token % kPageTokens);
    StoreRow(args, args.keys + i * args.row_stride, row, args.key_pages[token / kPageTokens]);
    StoreRow(args, args.values + i * args.row_stride, row, args.value_pages[token / kPageTokens]);
  }
}

}  // namespace dynsplit
