#include "kernels/append_rows.h"
#include "kernels/f16.h"

namespace dynsplit {

void AppendRowsRef(const AppendRowsArgs& args) {
  for (int i = 0; i < args.rows; ++i) {
    const int64_t token = args.first_token + i;
    const int64_t offset = token % kPageTokens * args.head_dim;
    f16* key = args.key_pages[token / kPageTokens] + offset;
    f16* value = args.value_pages[token / kPageTokens] + offset;
    for (int j = 0; j < args.head_dim; ++j) {
      key[j] = F16FromF32(args.keys[i * args.row_stride + j]);
      value[j] = F16FromF32(args.values[i * args.row_stride + j]);
    }
  }
}

}  // namespace dynsplit
