#include <algorithm>

#include "kernels/f16.h"
#include "kernels/key_novelty.h"

namespace dynsplit {
namespace {

double Mean(const KvView& kv, TokenRange run, int j) {
  double sum = 0;
  for (int64_t token = run.start; token < run.end; ++token) sum += F32FromF16(kv.Key(token)[j]);
  return sum / static_cast<double>(run.end - run.start);
}

// Sum of squared distances of the run's keys to their mean.
double Scatter(const KvView& kv, TokenRange run) {
  double scatter = 0;
  for (int j = 0; j < kv.head_dim; ++j) {
    const double mean = Mean(kv, run, j);
    for (int64_t token = run.start; token < run.end; ++token) {
      const double off = F32FromF16(kv.Key(token)[j]) - mean;
      scatter += off * off;
    }
  }
  return scatter;
}

}  // namespace

// By the definition of scatter, not by the shorter formula that the contract gives as well.
void KeyNoveltyRef(const KeyNoveltyArgs& args, float* novelty) {
  for (int64_t token = args.cuts.start; token < args.cuts.end; ++token) {
    const TokenRange before = {std::max(args.keys.start, token + 1 - args.window), token + 1};
    const TokenRange after = {token + 1, std::min(args.keys.end, token + 1 + args.window)};
    const double whole = Scatter(args.kv, {before.start, after.end});
    const double parts = Scatter(args.kv, before) + Scatter(args.kv, after);
    novelty[token - args.cuts.start] = static_cast<float>(whole - parts);
  }
}

}  // namespace dynsplit
