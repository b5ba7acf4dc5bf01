// Mean and spread of a set of values, and where a value stands among them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace dynsplit {

// Grows value by value (Welford's method: no cancellation).
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

// Below this, values are alike, and dividing by their spread would only blow up rounding.
inline constexpr double kMinSpread = 1e-6;

// A single value counts for no more than this many spreads: both scores of a cut have long tails,
// and one wild token must not outweigh the lengths of the blocks around it.
inline constexpr double kMaxStandardScore = 4;

// (value - mean) / spread, within +-kMaxStandardScore. spread > 0.
inline float StandardScore(double value, double mean, double spread) {
  const double score = (value - mean) / spread;
  return static_cast<float>(std::clamp(score, -kMaxStandardScore, kMaxStandardScore));
}

}  // namespace dynsplit
