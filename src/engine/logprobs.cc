#include "dynsplit/logprobs.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dynsplit {
namespace {

constexpr double kImpossible = -std::numeric_limits<double>::infinity();

// log(sum(exp(logits))) as two parts: the largest is taken out, so that no term overflows, and kept
// apart, so that nothing is lost beside a very large one.
struct LogSumExp {
  double largest = kImpossible;
  double rest = 0;

  explicit LogSumExp(std::span<const float> logits) {
    for (const float logit : logits) {
      if (std::isfinite(logit)) largest = std::max(largest, static_cast<double>(logit));
    }
    double sum = 0;
    for (const float logit : logits) {
      if (std::isfinite(logit)) sum += std::exp(static_cast<double>(logit) - largest);
    }
    rest = std::log(sum);
  }
  double LogprobOf(float logit) const { return static_cast<double>(logit) - largest - rest; }
};

}  // namespace

double LogprobOf(std::span<const float> logits, int32_t token) {
  if (token < 0 || static_cast<size_t>(token) >= logits.size()) return kImpossible;
  const float logit = logits[static_cast<size_t>(token)];
  return std::isfinite(logit) ? LogSumExp(logits).LogprobOf(logit) : kImpossible;
}

std::vector<TokenLogprob> TopLogprobs(std::span<const float> logits, int count) {
  std::vector<int32_t> ids;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (std::isfinite(logits[i])) ids.push_back(static_cast<int32_t>(i));
  }
  const auto likelier = [&](int32_t a, int32_t b) {
    const float x = logits[static_cast<size_t>(a)], y = logits[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  };
  const size_t kept = std::min(ids.size(), static_cast<size_t>(std::max(count, 0)));
  std::partial_sort(ids.begin(), ids.begin() + static_cast<ptrdiff_t>(kept), ids.end(), likelier);
  std::vector<TokenLogprob> top;
  if (kept == 0) return top;
  const LogSumExp all(logits);
  for (size_t i = 0; i < kept; ++i) {
    top.push_back({ids[i], all.LogprobOf(logits[static_cast<size_t>(ids[i])])});
  }
  return top;
}

}  // namespace dynsplit
