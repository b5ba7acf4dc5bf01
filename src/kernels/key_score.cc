#include "kernels/key_score.h"

#include "base/check.h"
#include "kernels/key_score_simd.h"

namespace dynsplit {

void KeyScore(const KeyScoreArgs& args, float* scores, int64_t score_stride) {
  DYNSPLIT_CHECK(args.kv.head_dim > 0 && args.kv.head_dim % 16 == 0);
  DYNSPLIT_CHECK(args.kv.head_dim <= kMaxHeadDim && args.group_heads > 0 && args.num_tokens >= 0);
  DYNSPLIT_CHECK(args.group_heads == 1 || score_stride >= args.num_tokens);
  KeyScoreSimd(args, scores, score_stride);
}

}  // namespace dynsplit
