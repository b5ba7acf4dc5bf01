#include <algorithm>
#include <cmath>

#include "kernels/f16.h"
#include "kernels/group_score.h"

namespace dynsplit {
namespace {

double VectorScore(const GroupScoreArgs& args, const float* query, int64_t vector) {
  double score = 0;
  for (int j = 0; j < args.head_dim; ++j) score += query[j] * F32FromF16(args.codes.scale[j]);
  for (int l = 0; l < RoughLines(args.head_dim); ++l) {
    for (int j = args.lines[l] * kInt2LineChannels; j < (args.lines[l] + 1) * kInt2LineChannels;
         ++j) {
      const int code = Int2Code(args.codes.panels, PlaceOfInt2(args.head_dim, vector, j));
      score += query[j] * F32FromF16(args.codes.scale[args.head_dim + j]) * (code - 1.5);
    }
  }
  return score * args.scale;
}

}  // namespace

void GroupScoreRef(const GroupScoreArgs& args, float* scores, int64_t score_stride) {
  for (int head = 0; head < args.group_heads; ++head) {
    for (int64_t group = 0; group < args.count; ++group) {
      double best = -INFINITY;
      for (int i = 0; i < kInt2Group; ++i) {
        const float* query = args.queries + int64_t{head} * args.head_dim;
        best =
            std::max(best, VectorScore(args, query, (args.codes.first + group) * kInt2Group + i));
      }
      scores[head * score_stride + group] = static_cast<float>(best);
    }
  }
}

}  // namespace dynsplit
