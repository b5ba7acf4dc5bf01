// Means and their 95 % intervals by bootstrap (Efron 1979; percentile method). Questions are
// resampled within their cell (one task, text kind and context), so what is bootstrapped is the
// mean over cells, for which questions of one cell are taken as independent.
// Deterministic: the same values give the same interval on every machine, in whatever order they
// come. Cost: kNumResamples draws of about 1.5 ns a value.
#pragma once

#include <vector>

#include "base/rng.h"

namespace dynsplit::eval {

inline constexpr int kNumResamples = 10000;

// 0 for no values.
double Mean(const std::vector<double>& values);

struct Estimate {
  double mean = 0;
  double low = 0;  // 95 % of the resampled means are in [low, high]
  double high = 0;
};

// A mean with its resamples, so that means of means have an interval too.
struct Sample {
  double mean = 0;
  std::vector<double> resampled;  // [kNumResamples]
};

// One cell; `values` must not be empty.
Sample Resample(std::vector<double> values, Rng& rng);
// The unweighted mean; the samples must be from one generator, one after the other, which makes
// them independent. There must be at least one.
Sample MeanOf(const std::vector<Sample>& samples);
Estimate ToEstimate(Sample sample);

}  // namespace dynsplit::eval
