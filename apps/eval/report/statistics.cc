#include "apps/eval/report/statistics.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/check.h"

namespace dynsplit::eval {
namespace {

constexpr size_t kTail = kNumResamples / 40;  // 2.5 % on each side

// The sum of values.size() of the values, drawn with replacement. Two draws from each number of
// the generator, without a division: this loop is the whole cost of a report.
double SumOfDraws(const std::vector<double>& values, Rng& rng) {
  const uint64_t n = values.size();
  double sum = 0;
  uint64_t bits = 0;
  for (uint64_t i = 0; i < n; ++i) {
    bits = i % 2 == 0 ? rng.Next() : bits >> 32;
    sum += values[((bits & 0xffffffff) * n) >> 32];
  }
  return sum;
}

// The mean of a resample: as many documents as there are, drawn with replacement, and as many
// values of each as it has.
double MeanOfDraws(const std::vector<std::vector<double>>& documents, Rng& rng) {
  const uint64_t n = documents.size();
  double sum = 0;
  size_t count = 0;
  for (uint64_t i = 0; i < n; ++i) {
    // The only one is not drawn.
    const uint64_t drawn = n == 1 ? 0 : ((rng.Next() >> 32) * n) >> 32;
    const std::vector<double>& values = documents[drawn];
    sum += values.size() == 1 ? values.front() : SumOfDraws(values, rng);
    count += values.size();
  }
  return sum / static_cast<double>(count);
}

}  // namespace

double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

Sample Resample(const ByDocument& cell, Rng& rng) {
  DYNSPLIT_CHECK(!cell.empty() && cell.size() <= UINT32_MAX);
  std::vector<std::vector<double>> documents;
  std::vector<double> all;
  for (const auto& [document, values] : cell) {
    DYNSPLIT_CHECK(!values.empty() && values.size() <= UINT32_MAX);
    documents.push_back(values);
    std::sort(documents.back().begin(), documents.back().end());
    all.insert(all.end(), documents.back().begin(), documents.back().end());
  }
  Sample sample;
  sample.mean = Mean(all);
  sample.resampled.resize(kNumResamples);
  for (double& mean : sample.resampled) mean = MeanOfDraws(documents, rng);
  return sample;
}

Sample MeanOf(const std::vector<Sample>& samples) {
  DYNSPLIT_CHECK(!samples.empty());
  Sample sum = samples.front();
  for (size_t i = 1; i < samples.size(); ++i) {
    sum.mean += samples[i].mean;
    for (size_t j = 0; j < sum.resampled.size(); ++j) sum.resampled[j] += samples[i].resampled[j];
  }
  const double count = static_cast<double>(samples.size());
  sum.mean /= count;
  for (double& mean : sum.resampled) mean /= count;
  return sum;
}

Estimate ToEstimate(Sample sample) {
  auto& means = sample.resampled;
  DYNSPLIT_CHECK(means.size() == kNumResamples);
  const auto low = means.begin() + kTail;
  const auto high = means.end() - 1 - kTail;
  std::nth_element(means.begin(), low, means.end());
  std::nth_element(low + 1, high, means.end());
  return {sample.mean, *low, *high};
}

}  // namespace dynsplit::eval
