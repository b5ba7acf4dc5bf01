#include "split/importance.h"

#include <algorithm>
#include <cmath>

namespace dynsplit {
namespace {

// Mean and spread of a growing set of values (Welford's method: no cancellation).
class Moments {
 public:
  void Add(double value) {
    ++count_;
    const double step = value - mean_;
    mean_ += step / static_cast<double>(count_);
    squares_ += step * (value - mean_);
  }

  int64_t count() const { return count_; }
  double mean() const { return mean_; }
  // Standard deviation of the set; 0 below two values.
  double Spread() const {
    return count_ < 2 ? 0 : std::sqrt(squares_ / static_cast<double>(count_ - 1));
  }
  double StandardError() const {
    return count_ < 2 ? 0 : Spread() / std::sqrt(static_cast<double>(count_));
  }

 private:
  int64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

// Below this the scores are alike, and dividing by their spread would only blow up rounding.
constexpr double kMinSpread = 1e-6;

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

}  // namespace dynsplit
