#include "apps/eval/report/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace dynsplit::eval {
namespace {

ByDocument OneDocument(std::vector<double> values) { return {{"0", std::move(values)}}; }

double Width(const Estimate& e) { return e.high - e.low; }

TEST(StatisticsTest, Mean) {
  EXPECT_EQ(Mean({}), 0);
  EXPECT_EQ(Mean({1, 0, 0.5, 0.5}), 0.5);
}

TEST(StatisticsTest, TheIntervalOfConstantValuesIsAPoint) {
  Rng rng(1);
  const Estimate e = ToEstimate(Resample(OneDocument(std::vector<double>(24, 0.1)), rng));
  EXPECT_EQ(e.low, e.mean);
  EXPECT_EQ(e.high, e.mean);
  EXPECT_NEAR(e.mean, 0.1, 1e-15);
}

TEST(StatisticsTest, TheIntervalIsThatOfTheBinomial) {
  // 50 of 100: the standard error is 0.05, so 95 % are within about 0.098.
  std::vector<double> values(100, 0);
  std::fill(values.begin(), values.begin() + 50, 1);
  Rng rng(1);
  const Estimate e = ToEstimate(Resample(OneDocument(values), rng));
  EXPECT_EQ(e.mean, 0.5);
  EXPECT_NEAR(e.low, 0.4, 0.011);
  EXPECT_NEAR(e.high, 0.6, 0.011);
}

TEST(StatisticsTest, EveryValueIsDrawnAlike) {
  // Sums of the resamples over distinct values: the mean of means is the mean.
  std::vector<double> values = {0, 10, 200, 3000, 40000, 500000, 7000000};
  Rng rng(1);
  const Sample sample = Resample(OneDocument(values), rng);
  const double spread = 7000000 / std::sqrt(7.0 * kNumResamples);
  EXPECT_NEAR(Mean(sample.resampled), sample.mean, 4 * spread);
}

TEST(StatisticsTest, TheOrderOfTheValuesDoesNotMatter) {
  Rng first(7);
  Rng second(7);
  const Estimate a = ToEstimate(Resample(OneDocument({0.1, 0.9, 0.4, 0.4, 1}), first));
  const Estimate b = ToEstimate(Resample(OneDocument({1, 0.4, 0.1, 0.4, 0.9}), second));
  EXPECT_EQ(a.mean, b.mean);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
}

TEST(StatisticsTest, DrawsAreTheSameOnEveryMachine) {
  Rng rng(1);
  std::vector<double> values;
  for (int i = 0; i < 31; ++i) values.push_back(i);
  const Estimate e = ToEstimate(Resample(OneDocument(values), rng));
  // From a second implementation of the generator and the draws (sums of whole numbers: exact).
  EXPECT_EQ(std::lround(e.low * 31), 370);
  EXPECT_EQ(std::lround(e.high * 31), 564);
}

TEST(StatisticsTest, QuestionsOfOneDocumentAreNotIndependent) {
  // Ten documents of twelve questions, all right or all wrong: there are ten values, not 120.
  ByDocument cell;
  for (int i = 0; i < 10; ++i) {
    cell[std::to_string(i)] = std::vector<double>(12, i < 5 ? 1 : 0);
  }
  std::vector<double> apart;
  for (const auto& [document, values] : cell) {
    apart.insert(apart.end(), values.begin(), values.end());
  }
  Rng rng(1);
  const Estimate e = ToEstimate(Resample(cell, rng));
  EXPECT_EQ(e.mean, 0.5);
  EXPECT_NEAR(Width(e), 2 * 1.96 * 0.5 / std::sqrt(10.0), 0.05);
  EXPECT_NEAR(Width(ToEstimate(Resample(OneDocument(apart), rng))),
              2 * 1.96 * 0.5 / std::sqrt(120.0), 0.02);
}

TEST(StatisticsTest, QuestionsAreDrawnWithinTheDrawnDocument) {
  // Documents that are alike: all of the spread is from the questions within them.
  ByDocument cell;
  for (int i = 0; i < 25; ++i) cell[std::to_string(i)] = {0, 1, 0, 1};
  Rng rng(1);
  EXPECT_NEAR(Width(ToEstimate(Resample(cell, rng))), 2 * 1.96 * 0.05, 0.02);
}

TEST(StatisticsTest, DocumentsOfOneQuestionAreAsQuestions) {
  ByDocument cell;
  for (int i = 0; i < 100; ++i) cell[std::to_string(i)] = {i < 50 ? 1.0 : 0.0};
  Rng rng(1);
  EXPECT_NEAR(Width(ToEstimate(Resample(cell, rng))), 2 * 0.098, 0.022);
}

TEST(StatisticsTest, DocumentsWeighByTheirQuestions) {
  Rng rng(1);
  const Sample sample = Resample({{"a", {1, 1, 1}}, {"b", {0}}}, rng);
  EXPECT_EQ(sample.mean, 0.75);
  // a twice, a and b, or b twice.
  for (const double mean : sample.resampled) {
    EXPECT_TRUE(mean == 1 || mean == 0.75 || mean == 0) << mean;
  }
}

TEST(StatisticsTest, AMeanOfCellsWeighsThemAlike) {
  Rng rng(1);
  const Sample small = Resample(OneDocument({1, 1}), rng);
  const Sample large = Resample(OneDocument(std::vector<double>(50, 0)), rng);
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
  const Sample first = Resample(OneDocument(values), rng);
  const Sample second = Resample(OneDocument(values), rng);
  const Estimate e = ToEstimate(MeanOf({first, second}));
  EXPECT_NEAR(e.high - e.low, 2 * 0.098 / std::sqrt(2.0), 0.012);
}

}  // namespace
}  // namespace dynsplit::eval
