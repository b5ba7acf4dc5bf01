#include "split/importance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "golden/reference/golden.h"

namespace dynsplit {
namespace {

constexpr auto kSentence = static_cast<size_t>(DelimiterClass::kSentence);
constexpr auto kComma = static_cast<size_t>(DelimiterClass::kComma);
constexpr ClassWeights kFlat{};

// Masses whose forward score with alpha 0 is `scores`, all queries seen.
BoundaryMass MassOf(const std::vector<float>& scores) {
  BoundaryMass mass;
  mass.after = scores;
  mass.near.resize(scores.size());
  mass.far.resize(scores.size());
  mass.queries.assign(scores.size(), static_cast<uint8_t>(mass.window));
  return mass;
}

SplitOptions Options(float shrinkage) {
  SplitOptions options;
  options.alpha = 0;
  options.shrinkage = shrinkage;
  return options;
}

// 16 tokens that are no delimiters, half of score 1 and half of 3 (mean 2, spread s), then others.
struct Text {
  std::vector<float> scores;
  std::vector<DelimiterClass> classes;

  Text() : classes(kMinBaseline, DelimiterClass::kNone) {
    for (int i = 0; i < kMinBaseline; ++i) scores.push_back(i % 2 == 0 ? 1 : 3);
  }
  void Add(DelimiterClass delimiter, float score) {
    classes.push_back(delimiter);
    scores.push_back(score);
  }
};
const double kSpread = std::sqrt(16.0 / 15.0);

TEST(ImportanceTest, EqualsTheSpecification) {
  for (const nlohmann::json& c : ReadGolden("boundaries.json")) {
    BoundaryScorer scorer(c["window"], c["retained"], c["sink"]);
    int64_t position = 0;
    for (const auto& row : c["rows"]) {
      scorer.AddRow(position++, row.get<std::vector<float>>(), c["heads"]);
    }
    SplitOptions options = Options(c["kappa"]);
    options.alpha = c["alpha"];
    options.reading = c["reading"] == "forward" ? Reading::kForward : Reading::kRetained;
    std::vector<DelimiterClass> classes;
    for (const int value : c["classes"]) classes.push_back(static_cast<DelimiterClass>(value));
    const ClassImportance learned =
        LearnImportance(scorer.mass(), classes, options, c["prior"].get<ClassWeights>());
    for (size_t i = 0; i < learned.weight.size(); ++i) {
      EXPECT_NEAR(learned.weight[i], c["importance"][i].get<double>(), 1e-5) << i;
    }
  }
}

TEST(ImportanceTest, MeanAboveTheBaselineInItsSpread) {
  Text text;
  text.Add(DelimiterClass::kSentence, 4);
  text.Add(DelimiterClass::kSentence, 6);
  const ClassImportance learned =
      LearnImportance(MassOf(text.scores), text.classes, Options(0), kFlat);
  EXPECT_NEAR(learned.weight[kSentence], 3 / kSpread, 1e-6);
  EXPECT_NEAR(learned.standard_error[kSentence], 1 / kSpread, 1e-6);
  EXPECT_EQ(learned.count[kSentence], 2);
  EXPECT_EQ(learned.count[0], kMinBaseline);
  EXPECT_EQ(learned.weight[0], 0);
  EXPECT_EQ(learned.weight[kComma], 0);
}

TEST(ImportanceTest, ShrinksTowardsThePrior) {
  Text text;
  for (int i = 0; i < 3; ++i) text.Add(DelimiterClass::kSentence, 5);
  ClassWeights prior{};
  prior[kSentence] = 1;
  prior[kComma] = 0.5;
  const ClassImportance learned =
      LearnImportance(MassOf(text.scores), text.classes, Options(9), prior);
  EXPECT_NEAR(learned.weight[kSentence], (3 * (3 / kSpread) + 9 * 1) / 12, 1e-6);
  EXPECT_EQ(learned.weight[kComma], 0.5);
}

TEST(ImportanceTest, NothingSeenIsThePrior) {
  const ClassImportance learned = LearnImportance(BoundaryMass(), {}, Options(8));
  EXPECT_EQ(learned.weight, kOrderedPrior);
  EXPECT_EQ(LearnImportance(BoundaryMass(), {}, Options(0)).weight, kOrderedPrior);
}

TEST(ImportanceTest, OnlyWholeWindowsAndFiniteScoresCount) {
  Text text;
  text.Add(DelimiterClass::kSentence, 5);
  text.Add(DelimiterClass::kSentence, 100);
  text.Add(DelimiterClass::kSentence, std::numeric_limits<float>::quiet_NaN());
  BoundaryMass mass = MassOf(text.scores);
  --mass.queries[kMinBaseline + 1];
  const ClassImportance learned = LearnImportance(mass, text.classes, Options(0), kFlat);
  EXPECT_EQ(learned.count[kSentence], 1);
  EXPECT_NEAR(learned.weight[kSentence], 3 / kSpread, 1e-6);
}

TEST(ImportanceTest, WithoutABaselineAllTokensAreOne) {
  const std::vector<DelimiterClass> classes = {DelimiterClass::kSentence, DelimiterClass::kSentence,
                                               DelimiterClass::kComma, DelimiterClass::kComma};
  const ClassImportance learned = LearnImportance(MassOf({3, 3, 1, 1}), classes, Options(0), kFlat);
  EXPECT_GT(learned.weight[kSentence], 0);
  EXPECT_NEAR(learned.weight[kSentence], -learned.weight[kComma], 1e-9);
}

TEST(ImportanceTest, EqualScoresTeachNothing) {
  Text text;
  text.scores.assign(kMinBaseline, 0.25f);
  text.Add(DelimiterClass::kSentence, 0.25f);
  const ClassImportance learned =
      LearnImportance(MassOf(text.scores), text.classes, Options(0), kFlat);
  EXPECT_EQ(learned.weight[kSentence], 0);
}

RC_GTEST_PROP(ImportanceProperty, IsAlwaysFinite, ()) {
  const auto scores = *rc::gen::container<std::vector<float>>(rc::gen::arbitrary<float>());
  const auto values = *rc::gen::container<std::vector<int>>(
      scores.size(), rc::gen::inRange(0, kNumDelimiterClasses));
  std::vector<DelimiterClass> classes;
  for (const int value : values) classes.push_back(static_cast<DelimiterClass>(value));
  SplitOptions options = Options(static_cast<float>(*rc::gen::inRange(0, 20)));
  options.alpha = 1;
  const ClassImportance learned = LearnImportance(MassOf(scores), classes, options);
  for (size_t c = 0; c < learned.weight.size(); ++c) {
    RC_ASSERT(std::isfinite(learned.weight[c]));
    RC_ASSERT(std::isfinite(learned.standard_error[c]));
  }
}

TEST(CandidateImportanceTest, StandsAgainstTheSameBaseline) {
  Text text;
  text.Add(DelimiterClass::kSentence, 2 + static_cast<float>(kSpread));
  text.Add(DelimiterClass::kComma, 2);
  text.Add(DelimiterClass::kComma, 1000);
  BoundaryMass mass = MassOf(text.scores);
  --mass.queries[17];  // the first comma was not judged by its whole window
  const ClassImportance learned = LearnImportance(mass, text.classes, Options(0));
  EXPECT_DOUBLE_EQ(learned.baseline_mean, 2);
  EXPECT_DOUBLE_EQ(learned.baseline_spread, kSpread);
  const std::vector<float> candidates = CandidateImportance(mass, {15, 21}, learned, Options(0));
  ASSERT_EQ(candidates.size(), 6u);
  EXPECT_FLOAT_EQ(candidates[0], static_cast<float>(1 / kSpread));
  EXPECT_FLOAT_EQ(candidates[1], 1);
  EXPECT_TRUE(std::isnan(candidates[2]));
  EXPECT_EQ(candidates[3], 4);             // clipped
  EXPECT_TRUE(std::isnan(candidates[4]));  // beyond what was observed
  EXPECT_TRUE(std::isnan(candidates[5]));
}

}  // namespace
}  // namespace dynsplit
