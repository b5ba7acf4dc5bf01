#include "apps/eval/metrics.h"

#include <gtest/gtest.h>

namespace dynsplit::eval {
namespace {

Question Asking(std::vector<std::string> expected, Metric metric) {
  Question question;
  question.expected = std::move(expected);
  question.metric = metric;
  return question;
}

TEST(MetricsTest, ContainsAllIsTheShareFound) {
  const Question question = Asking({"Oslo", "Rome", "9"}, Metric::kContainsAll);
  EXPECT_DOUBLE_EQ(ScoreAnswer(question, "oslo and ROME and 9"), 1);
  EXPECT_DOUBLE_EQ(ScoreAnswer(question, "Rome?"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(ScoreAnswer(question, ""), 0);
}

TEST(MetricsTest, ContainsAnyIsAllOrNothing) {
  const Question question = Asking({"Oslo", "Rome"}, Metric::kContainsAny);
  EXPECT_DOUBLE_EQ(ScoreAnswer(question, "It was rome."), 1);
  EXPECT_DOUBLE_EQ(ScoreAnswer(question, "Paris"), 0);
}

}  // namespace
}  // namespace dynsplit::eval
