#include "apps/eval/report/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace dynsplit::eval {
namespace {

TEST(StatisticsTest, Mean) {
  EXPECT_EQ(Mean({}), 0);
  EXPECT_EQ(Mean({1, 0, 0.5, 0.5}), 0.5);
}

TEST(StatisticsTest, TheIntervalOfConstantValuesIsAPoint) {
  Rng rng(1);
  const Estimate e = ToEstimate(Resample(std::vector<double>(24, 0.1), rng));
  EXPECT_EQ(e.low, e.mean);
  EXPECT_EQ(e.high, e.mean);
  EXPECT_NEAR(e.mean, 0.1, 1e-15);
}

TEST(StatisticsTest, TheIntervalIsThatOfTheBinomial) {
  // 50 of 100: the standard error is 0.05, so 95 % are within about 0.098.
  std::vector<double> values(100, 0);
  std::fill(values.begin(), values.begin() + 50, 1);
  Rng rng(1);
  const Estimate e = ToEstimate(Resample(values, rng));
  EXPECT_EQ(e.mean, 0.5);
  EXPECT_NEAR(e.low, 0.4, 0.011);
  EXPECT_NEAR(e.high, 0.6, 0.011);
}

TEST(StatisticsTest, EveryValueIsDrawnAlike) {
  // Sums of the resamples over distinct values: the mean of means is the mean.
  std::vector<double> values = {0, 10, 200, 3000, 40000, 500000, 7000000};
  Rng rng(1);
  const Sample sample = Resample(values, rng);
  const double spread = 7000000 / std::sqrt(7.0 * kNumResamples);
  EXPECT_NEAR(Mean(sample.resampled), sample.mean, 4 * spread);
}

TEST(StatisticsTest, TheOrderOfTheValuesDoesNotMatter) {
  Rng first(7);
  Rng second(7);
  const Estimate a = ToEstimate(Resample({0.1, 0.9, 0.4, 0.4, 1}, first));
  const Estimate b = ToEstimate(Resample({1, 0.4, 0.1, 0.4, 0.9}, second));
  EXPECT_EQ(a.mean, b.mean);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
}

TEST(StatisticsTest, DrawsAreTheSameOnEveryMachine) {
  Rng rng(1);
  std::vector<double> values;
  for (int i = 0; i < 31; ++i) values.push_back(i);
  const Estimate e = ToEstimate(Resample(values, rng));
  // From a second implementation of the generator and the draws (sums of whole numbers: exact).
  EXPECT_EQ(std::lround(e.low * 31), 370);
  EXPECT_EQ(std::lround(e.high * 31), 564);
}

TEST(StatisticsTest, AMeanOfCellsWeighsThemAlike) {
  Rng rng(1);
  const Sample small = Resample({1, 1}, rng);
  const Sample large = Resample(std::vector<double>(50, 0), rng);
  const Estimate e = ToEstimate(MeanOf({small, large}));
  EXPECT_EQ(e.mean, 0.5);
  // Resampled within cells: the number of ones never changes.
  EXPECT_EQ(e.low, 0.5);
  EXPECT_EQ(e.high, 0.5);
}

TEST(StatisticsTest, CellsAreResampledIndependently) {
  // The standard error of the mean of two independent cells is smaller by the root of 2.
  std::vector<double> values(100, 0);
  std::fill(values.begin(), values.begin() + 50, 1);
  Rng rng(1);
  const Sample first = Resample(values, rng);
  const Sample second = Resample(values, rng);
  const Estimate e = ToEstimate(MeanOf({first, second}));
  EXPECT_NEAR(e.high - e.low, 2 * 0.098 / std::sqrt(2.0), 0.012);
}

}  // namespace
}  // namespace dynsplit::eval
