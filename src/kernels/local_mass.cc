#include "kernels/local_mass.h"

#include "base/check.h"
#include "kernels/local_mass_simd.h"

namespace dynsplit {

void LocalMass(const LocalMassArgs& args, float* mass) {
  DYNSPLIT_CHECK(args.group_heads > 0 && args.position >= 0);
  DYNSPLIT_CHECK(args.kv.head_dim > 0 && args.kv.head_dim % 16 == 0);
  DYNSPLIT_CHECK(args.sink >= 0 && args.window >= 0);
  LocalMassSimd(args, mass);
}

}  // namespace dynsplit
