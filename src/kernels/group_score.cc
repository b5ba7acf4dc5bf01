#include "kernels/group_score.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/check.h"
#include "kernels/f16.h"
#include "kernels/group_score_simd.h"

namespace dynsplit {

void ChooseLines(const GroupScoreArgs& args, std::span<int> lines) {
  constexpr int kMostLines = kMaxHeadDim / kInt2LineChannels;
  const int num_lines = args.head_dim / kInt2LineChannels;
  DYNSPLIT_CHECK(num_lines > 0 && num_lines <= kMostLines);
  DYNSPLIT_CHECK(static_cast<int>(lines.size()) <= num_lines);
  std::array<float, kMostLines> variance{};
  const f16* steps = args.codes.scale + args.head_dim;
  for (int head = 0; head < args.group_heads; ++head) {
    for (int j = 0; j < args.head_dim; ++j) {
      const float step = args.queries[head * args.head_dim + j] * F32FromF16(steps[j]);
      variance[static_cast<size_t>(j / kInt2LineChannels)] += step * step;
    }
  }
  std::array<int, kMostLines> order;
  std::iota(order.begin(), order.end(), 0);
  // Queries that are no numbers have no order, but lines all the same.
  std::stable_sort(order.begin(), order.begin() + num_lines, [&](int a, int b) {
    const auto of = [&](int line) {
      const float value = variance[static_cast<size_t>(line)];
      return value >= 0 ? value : 0.0f;
    };
    return of(a) > of(b);
  });
  std::copy_n(order.begin(), lines.size(), lines.begin());
}

void GroupScore(const GroupScoreArgs& args, float* scores, int64_t score_stride) {
  DYNSPLIT_CHECK(args.group_heads > 0 && args.count >= 0);
  DYNSPLIT_CHECK(args.head_dim > 0 && args.head_dim <= kMaxHeadDim && args.head_dim % 16 == 0);
  DYNSPLIT_CHECK(args.group_heads == 1 || score_stride >= args.count);
  if (args.count > 0) GroupScoreSimd(args, scores, score_stride);
}

}  // namespace dynsplit
