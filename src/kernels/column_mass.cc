#include "kernels/column_mass.h"

#include "base/check.h"
#include "kernels/column_mass_simd.h"

namespace dynsplit {

void ColumnMass(const ColumnMassArgs& args, float* mass) {
  DYNSPLIT_CHECK(args.rows >= 0 && args.group_heads > 0 && args.first_position >= 0);
  DYNSPLIT_CHECK(args.kv.head_dim > 0 && args.kv.head_dim % 16 == 0);
  DYNSPLIT_CHECK(args.keys.start >= 0);
  ColumnMassSimd(args, mass);
}

}  // namespace dynsplit
