#include "kernels/append_rows.h"

#include "base/check.h"
#include "kernels/append_rows_simd.h"

namespace dynsplit {

void AppendRows(const AppendRowsArgs& args) {
  DYNSPLIT_CHECK(args.rows >= 0 && args.first_token >= 0);
  DYNSPLIT_CHECK(args.head_dim > 0 && args.head_dim % 16 == 0 && args.type != KvType::kQ4);
  DYNSPLIT_CHECK(args.value_dim > 0 && args.value_dim % 16 == 0);
  AppendRowsSimd(args);
}

}  // namespace dynsplit
