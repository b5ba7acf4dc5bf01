#include "kernels/key_novelty.h"

#include "base/check.h"
#include "kernels/key_novelty_simd.h"

namespace dynsplit {

void KeyNovelty(const KeyNoveltyArgs& args, float* novelty) {
  DYNSPLIT_CHECK(args.kv.head_dim > 0 && args.kv.head_dim % 16 == 0);
  DYNSPLIT_CHECK(args.window >= 1 && args.window <= kMaxNoveltyWindow);
  DYNSPLIT_CHECK(args.keys.start >= 0 && args.keys.start <= args.cuts.start);
  DYNSPLIT_CHECK(args.cuts.start <= args.cuts.end && args.cuts.end <= args.keys.end);
  KeyNoveltySimd(args, novelty);
}

}  // namespace dynsplit
