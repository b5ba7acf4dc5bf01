#include "apps/eval/metrics.h"

#include <gtest/gtest.h>

#include <utility>

namespace dynsplit::eval {
namespace {

Question Ask(Metric metric, std::vector<std::string> expected,
             std::vector<std::string> classes = {}) {
  Question question;
  question.metric = metric;
  question.expected = std::move(expected);
  question.classes = std::move(classes);
  return question;
}

TEST(ScoreAnswerTest, ContainsAllGivesTheShare) {
  const Question question = Ask(Metric::kContainsAll, {"48213", "Oslo", "Lima"});
  EXPECT_DOUBLE_EQ(ScoreAnswer(question, "It is 48213 in OSLO and lima."), 1);
  EXPECT_DOUBLE_EQ(ScoreAnswer(question, "48213, oslo"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(ScoreAnswer(question, ""), 0);
}

TEST(ScoreAnswerTest, ContainsAnyWantsOne) {
  const Question question = Ask(Metric::kContainsAny, {"Denver Broncos", "Broncos"});
  EXPECT_EQ(ScoreAnswer(question, "the broncos won"), 1);
  EXPECT_EQ(ScoreAnswer(question, "the Panthers won"), 0);
}

TEST(ScoreAnswerTest, ExactTakesTheTrimmedFirstLine) {
  const Question question = Ask(Metric::kExact, {"48213", "x y"});
  EXPECT_EQ(ScoreAnswer(question, "\n 48213 \nand more"), 1);
  EXPECT_EQ(ScoreAnswer(question, "x y"), 1);
  EXPECT_EQ(ScoreAnswer(question, "48213."), 0);
  EXPECT_EQ(ScoreAnswer(question, " \n48213"), 0);
  EXPECT_EQ(ScoreAnswer(question, ""), 0);
}

TEST(ScoreAnswerTest, F1TakesTheBest) {
  const Question question = Ask(Metric::kF1, {"blue whale", "the whale"});
  EXPECT_DOUBLE_EQ(ScoreAnswer(question, "A whale."), 1);
  EXPECT_NEAR(ScoreAnswer(question, "a big blue whale"), 0.8, 1e-12);
}

TEST(ScoreAnswerTest, FirstLineLeavesOutTheRest) {
  Question question = Ask(Metric::kF1, {"whale"});
  EXPECT_NEAR(ScoreAnswer(question, "\nwhale\nPassage: x y"), 0.4, 1e-12);
  question.first_line = true;
  EXPECT_DOUBLE_EQ(ScoreAnswer(question, "\nwhale\nPassage: x y"), 1);
}

TEST(ScoreAnswerTest, RougeLTakesTheBest) {
  const Question question = Ask(Metric::kRougeL, {"a b", "c d"});
  EXPECT_DOUBLE_EQ(ScoreAnswer(question, "c d"), 1);
}

TEST(ScoreAnswerTest, AccuracySharesAmongTheClassesNamed) {
  const Question question = Ask(Metric::kAccuracy, {"Date"}, {"City", "Date", "Food"});
  EXPECT_EQ(ScoreAnswer(question, "Type: Date"), 1);
  EXPECT_EQ(ScoreAnswer(question, "Date or City"), 0.5);
  EXPECT_EQ(ScoreAnswer(question, "City"), 0);
  EXPECT_EQ(ScoreAnswer(question, "date"), 0);
  EXPECT_EQ(ScoreAnswer(question, ""), 0);
}

TEST(ScoreAnswerTest, AccuracyLeavesOutPartsOfTheExpectedClass) {
  const Question question =
      Ask(Metric::kAccuracy, {"Other location"}, {"location", "Other location", "City"});
  EXPECT_EQ(ScoreAnswer(question, "Other location"), 1);
  EXPECT_EQ(ScoreAnswer(question, "location"), 0);
  // The other way round the longer name counts: it is no part of the expected one.
  const Question shorter =
      Ask(Metric::kAccuracy, {"location"}, {"location", "Other location", "City"});
  EXPECT_EQ(ScoreAnswer(shorter, "Other location"), 0.5);
}

TEST(ScoreAnswerTest, AccuracySkipsOneAfterEachPartAsLongBenchDoes) {
  const Question question = Ask(Metric::kAccuracy, {"a b c"}, {"a", "b", "a b c"});
  EXPECT_EQ(ScoreAnswer(question, "a b c"), 0.5);
}

TEST(ScoreAnswerTest, EditTakesTheFirstCodeLine) {
  const Question question = Ask(Metric::kEdit, {"    return total"});
  EXPECT_EQ(ScoreAnswer(question, "\n```python\n# the sum\n// or so\n    return total\nx"), 1);
  EXPECT_EQ(ScoreAnswer(question, "    return total"), 1);
  EXPECT_EQ(ScoreAnswer(question, "```"), 0);
  EXPECT_EQ(ScoreAnswer(question, ""), 0);
  EXPECT_LT(ScoreAnswer(question, "x = 1\n    return total"), 0.5);
}

TEST(ScoreAnswerTest, CountGivesTheShareOfNumbers) {
  const Question question = Ask(Metric::kCount, {"12"});
  EXPECT_EQ(ScoreAnswer(question, "12"), 1);
  EXPECT_EQ(ScoreAnswer(question, "There are 12, not 13."), 0.5);
  EXPECT_EQ(ScoreAnswer(question, "112"), 0);
  EXPECT_EQ(ScoreAnswer(question, "twelve"), 0);
  EXPECT_EQ(ScoreAnswer(question, "1.2"), 0);
}

TEST(ScoreAnswerTest, RetrievalTakesTheParagraphsNumber) {
  const Question question = Ask(Metric::kRetrieval, {"Paragraph 15"});
  EXPECT_EQ(ScoreAnswer(question, "Paragraph 15"), 1);
  EXPECT_EQ(ScoreAnswer(question, "15"), 1);
  EXPECT_EQ(ScoreAnswer(question, "Paragraph 1 or 15"), 0.5);
  EXPECT_EQ(ScoreAnswer(question, "Paragraph 5"), 0);
  EXPECT_EQ(ScoreAnswer(Ask(Metric::kRetrieval, {"段落7"}), "段落7"), 1);
}

TEST(ScoreAnswerDeathTest, ContinuationsHaveNoAnswer) {
  EXPECT_DEATH(ScoreAnswer(Ask(Metric::kContinuation, {"x"}), "x"), "kContinuation");
}

}  // namespace
}  // namespace dynsplit::eval
