#include "kernels/pool_scores.h"

#include "base/check.h"
#include "kernels/pool_scores_simd.h"

namespace dynsplit {

void PoolScores(const PoolScoresArgs& args, float* room, float* pooled) {
  DYNSPLIT_CHECK(args.group_heads > 0 && args.num_blocks >= 0);
  DYNSPLIT_CHECK(args.rows > 0 && args.rows <= kMaxScoreRows);
  DYNSPLIT_CHECK(args.group_heads == 1 || args.score_stride >= args.num_blocks * args.rows);
  if (args.num_blocks == 0) return;
  PoolScoresSimd(args, room, pooled);
}

}  // namespace dynsplit
