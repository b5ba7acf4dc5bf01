#include "split/importance.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "split/moments.h"

namespace dynsplit {
namespace {

struct Samples {
  std::array<Moments, kNumDelimiterClasses> by_class;
  Moments all;
};

Samples Gather(const BoundaryMass& mass, std::span<const DelimiterClass> classes,
               const SplitOptions& options) {
  Samples samples;
  const int64_t n = std::min(mass.num_tokens(), static_cast<int64_t>(classes.size()));
  for (int64_t i = 0; i < n; ++i) {
    if (mass.queries[i] < mass.window) continue;
    const double score = BoundaryScore(mass, i, options.reading, options.alpha);
    if (!std::isfinite(score)) continue;
    samples.by_class[static_cast<size_t>(classes[i])].Add(score);
    samples.all.Add(score);
  }
  return samples;
}

}  // namespace

ClassImportance LearnImportance(const BoundaryMass& mass, std::span<const DelimiterClass> classes,
                                const SplitOptions& options, const ClassWeights& prior) {
  const Samples samples = Gather(mass, classes, options);
  const Moments& none = samples.by_class[static_cast<size_t>(DelimiterClass::kNone)];
  const Moments& baseline = none.count() >= kMinBaseline ? none : samples.all;
  double spread = baseline.Spread();
  if (spread < kMinSpread) spread = samples.all.Spread();
  if (spread < kMinSpread) spread = 1;

  ClassImportance learned;
  learned.baseline_mean = baseline.mean();
  learned.baseline_spread = spread;
  for (size_t c = 0; c < learned.weight.size(); ++c) {
    const Moments& candidates = samples.by_class[c];
    learned.count[c] = candidates.count();
    learned.standard_error[c] = candidates.StandardError() / spread;
    if (c == static_cast<size_t>(DelimiterClass::kNone)) continue;
    const auto n = static_cast<double>(candidates.count());
    const double mean = candidates.count() > 0 ? (candidates.mean() - baseline.mean()) / spread : 0;
    const double kappa = options.shrinkage;
    learned.weight[c] = n + kappa > 0 ? (n * mean + kappa * prior[c]) / (n + kappa) : prior[c];
  }
  return learned;
}

std::vector<float> CandidateImportance(const BoundaryMass& mass, TokenRange tokens,
                                       const ClassImportance& importance,
                                       const SplitOptions& options) {
  DYNSPLIT_CHECK(tokens.start >= 0 && tokens.start <= tokens.end);
  std::vector<float> candidates(static_cast<size_t>(tokens.end - tokens.start),
                                std::numeric_limits<float>::quiet_NaN());
  const int64_t end = std::min(mass.num_tokens(), tokens.end);
  for (int64_t i = tokens.start; i < end; ++i) {
    if (mass.queries[i] < mass.window) continue;
    const double score = BoundaryScore(mass, i, options.reading, options.alpha);
    candidates[i - tokens.start] =
        StandardScore(score, importance.baseline_mean, importance.baseline_spread);
  }
  return candidates;
}

}  // namespace dynsplit
