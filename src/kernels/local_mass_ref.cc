#include <cmath>

#include "kernels/f16.h"
#include "kernels/local_mass.h"
#include "kernels/page_codec.h"
#include "kernels/score_cap.h"

namespace dynsplit {
namespace {

double Mass(const LocalMassArgs& args, int64_t token) {
  const std::vector<f16> key = DecodedRow(args.kv.Part(KvPart::kKeys), token);
  double mass = 0;
  for (int head = 0; head < args.group_heads; ++head) {
    const float* query = args.queries + int64_t{head} * args.kv.head_dim;
    double dot = 0;
    for (int j = 0; j < args.kv.head_dim; ++j) dot += double{query[j]} * F32FromF16(key[j]);
    mass += std::exp(CappedScore(dot * args.scale, args.score_cap) - args.lse[head]);
  }
  return mass;
}

}  // namespace

void LocalMassRef(const LocalMassArgs& args, float* mass) {
  for (int64_t token = 0; token < args.sink && token <= args.position; ++token) {
    mass[0] += static_cast<float>(Mass(args, token));
  }
  for (int64_t distance = 0; distance < args.window; ++distance) {
    const int64_t token = args.position - distance;
    if (token < args.sink) break;
    mass[1 + distance] += static_cast<float>(Mass(args, token));
  }
}

}  // namespace dynsplit
