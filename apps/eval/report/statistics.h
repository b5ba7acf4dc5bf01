// Means and their 95 % intervals by bootstrap (Efron 1979; percentile method). Questions of one
// document share its text and its prefill, so they are not independent: within a cell (one task,
// text kind and context) documents are drawn first, then questions of each drawn document (the
// two-stage bootstrap, Davison and Hinkley 1997, section 3.8). What is bootstrapped is the mean
// over cells. Deterministic: the same values give the same interval on every machine, in whatever
// order they come. Cost: kNumResamples draws of about 1.5 ns a value.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/rng.h"

namespace dynsplit::eval {

inline constexpr int kNumResamples = 10000;

// What intervals are, for those who read them.
inline constexpr const char* kIntervalNote =
    "Intervals hold 95 % of 10,000 resamples of the documents within each task and text kind, and "
    "of the questions within each document drawn; where a task and text kind has fewer than two "
    "documents, its questions alone are resampled, and the interval is too narrow.";

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

// The values of each document's questions.
using ByDocument = std::map<std::string, std::vector<double>>;

// One cell, which must hold a value, and no document without one. A single document has its
// questions resampled alone.
Sample Resample(const ByDocument& cell, Rng& rng);
// The unweighted mean; the samples must be from one generator, one after the other, which makes
// them independent. There must be at least one.
Sample MeanOf(const std::vector<Sample>& samples);
Estimate ToEstimate(Sample sample);

}  // namespace dynsplit::eval
