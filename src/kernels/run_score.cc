#include "kernels/run_score.h"

#include "base/check.h"
#include "kernels/run_score_simd.h"

namespace dynsplit {

size_t RunScoreScratch(int head_dim, int64_t num_runs) {
  return RunScratch(static_cast<size_t>(head_dim), static_cast<size_t>(num_runs)).total;
}

void RunScore(const RunScoreArgs& args, float* scratch, float* worth) {
  DYNSPLIT_CHECK(args.rows > 0 && args.group_heads > 0 && args.num_runs >= 0);
  DYNSPLIT_CHECK(args.head_dim > 0 && args.head_dim % 16 == 0 && args.head_dim <= kMaxHeadDim);
  DYNSPLIT_CHECK(reinterpret_cast<uintptr_t>(scratch) % 64 == 0);
  RunScoreSimd(args, scratch, worth);
}

}  // namespace dynsplit
