#include <algorithm>
#include <cmath>

#include "kernels/column_mass.h"
#include "kernels/f16.h"
#include "kernels/page_codec.h"
#include "kernels/score_cap.h"

namespace dynsplit {
namespace {

double Mass(const ColumnMassArgs& args, int row, int head, int64_t token) {
  const std::vector<f16> key = DecodedRow(args.kv.Part(KvPart::kKeys), token);
  const float* query =
      args.queries + row * args.query_row_stride + int64_t{head} * args.kv.head_dim;
  double dot = 0;
  for (int j = 0; j < args.kv.head_dim; ++j) dot += double{query[j]} * F32FromF16(key[j]);
  return std::exp(CappedScore(dot * args.scale, args.score_cap) -
                  args.lse[row * args.lse_row_stride + head]);
}

}  // namespace

void ColumnMassRef(const ColumnMassArgs& args, float* mass) {
  for (int64_t token = args.keys.start; token < args.keys.end; ++token) {
    double sum = 0;
    const int64_t first_row = std::max<int64_t>(0, token - args.first_position);
    for (int row = static_cast<int>(std::min<int64_t>(first_row, args.rows)); row < args.rows;
         ++row) {
      for (int head = 0; head < args.group_heads; ++head) sum += Mass(args, row, head, token);
    }
    mass[token - args.keys.start] += static_cast<float>(sum);
  }
}

}  // namespace dynsplit
