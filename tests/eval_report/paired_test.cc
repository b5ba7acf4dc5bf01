#include "apps/eval/report/paired.h"

#include <gtest/gtest.h>

#include "eval_report/records.h"

namespace dynsplit::eval {
namespace {

double Score(const Record& record) { return record.score; }

RecordPointers Pointers(const std::vector<Record>& records) {
  RecordPointers pointers;
  for (const Record& record : records) pointers.push_back(&record);
  return pointers;
}

TEST(PairedTest, WorkedByHand) {
  std::vector<Record> ours;
  std::vector<Record> theirs;
  AddScores(ours, "niah", "quest", "3%", {1, 0, 1, 0.5});
  AddScores(theirs, "niah", "dynsplit", "3%", {1, 1, 0, 0});
  const Paired paired = ComparePaired(Pointers(ours), Pointers(theirs), Score);
  EXPECT_EQ(paired.difference.mean, (0 - 1 + 1 + 0.5) / 4);
  EXPECT_EQ(paired.won, 2);
  EXPECT_EQ(paired.lost, 1);
  EXPECT_EQ(paired.tied, 1);
  EXPECT_EQ(paired.unpaired, 0);
  EXPECT_TRUE(paired.MayBeChance());
}

TEST(PairedTest, ADifferenceThatIsAlwaysTheSameHasAPointForAnInterval) {
  std::vector<Record> ours;
  std::vector<Record> theirs;
  AddScores(ours, "niah", "a", "", {0.25, 0.75, 0.5});
  AddScores(theirs, "niah", "b", "", {0, 0.5, 0.25});
  const Paired paired = ComparePaired(Pointers(ours), Pointers(theirs), Score);
  EXPECT_EQ(paired.difference.low, 0.25);
  EXPECT_EQ(paired.difference.high, 0.25);
  EXPECT_FALSE(paired.MayBeChance());
}

TEST(PairedTest, DocumentsAreResampledNotTheirQuestions) {
  // Two documents, one always won and one always lost: nothing is known of a third.
  std::vector<Record> ours;
  std::vector<Record> theirs;
  for (int i = 0; i < 40; ++i) {
    const std::string id = (i % 2 == 0 ? "text/a/" : "text/b/") + std::to_string(i);
    ours.push_back(ScoredRecord("niah", id, "a", "", i % 2 == 0 ? 1 : 0));
    theirs.push_back(ScoredRecord("niah", id, "b", "", i % 2 == 0 ? 0 : 1));
  }
  EXPECT_EQ(DocumentOf(ours[1]), "text/b");
  const Paired paired = ComparePaired(Pointers(ours), Pointers(theirs), Score);
  EXPECT_EQ(paired.difference.mean, 0);
  EXPECT_EQ(paired.difference.low, -1);
  EXPECT_EQ(paired.difference.high, 1);
}

TEST(PairedTest, TheRatioIsOverQuestionsThatBothAnswered) {
  std::vector<Record> ours;
  std::vector<Record> theirs;
  AddScores(ours, "niah", "a", "", {0.5, 0});
  AddScores(theirs, "niah", "b", "", {1, 0, 1, 1, 1});
  EXPECT_EQ(PairedRatio(Pointers(ours), Pointers(theirs), Score), 0.5);
  EXPECT_EQ(PairedRatio(Pointers(theirs), Pointers(ours), Score), 2);
  EXPECT_EQ(PairedRatio(Pointers(ours), {}, Score), std::nullopt);
  for (Record& record : theirs) record.score = 0;
  EXPECT_EQ(PairedRatio(Pointers(ours), Pointers(theirs), Score), std::nullopt);
}

TEST(PairedTest, RoundingIsNoDifference) {
  Paired paired;
  paired.difference = {-0.1, -0.2, -1e-17};
  EXPECT_TRUE(paired.MayBeChance());
  paired.difference = {-0.1, -0.2, -0.001};
  EXPECT_FALSE(paired.MayBeChance());
}

TEST(PairedTest, QuestionsOfOneSideAreLeftOutAndCounted) {
  std::vector<Record> ours;
  std::vector<Record> theirs;
  AddScores(ours, "niah", "a", "", {1, 1, 1});
  AddScores(theirs, "niah", "b", "", {0});
  AddScores(theirs, "other", "b", "", {1, 1});  // the same ids, another task
  theirs.push_back(ScoredRecord("niah", "0/1", "b", "", 0));
  theirs.back().context = 8192;  // the same id and task, another context
  const Paired paired = ComparePaired(Pointers(ours), Pointers(theirs), Score);
  EXPECT_EQ(paired.NumPairs(), 1);
  EXPECT_EQ(paired.difference.mean, 1);
  EXPECT_EQ(paired.unpaired, 2 + 3);
}

TEST(PairedTest, WithoutPairsTheDifferenceIsNone) {
  std::vector<Record> ours;
  AddScores(ours, "niah", "a", "", {1, 0});
  const Paired paired = ComparePaired(Pointers(ours), {}, Score);
  EXPECT_EQ(paired.NumPairs(), 0);
  EXPECT_EQ(paired.unpaired, 2);
  EXPECT_EQ(paired.difference.mean, 0);
}

TEST(PairedTest, TasksAndTextKindsWeighAlike) {
  std::vector<Record> ours;
  std::vector<Record> theirs;
  AddScores(ours, "niah", "a", "", {1, 1, 1, 1});
  ours.push_back(ScoredRecord("niah", "1/0", "a", "", 0));
  ours.back().kind = "code";
  ours.push_back(ScoredRecord("words", "0/0", "a", "", 1));
  for (Record record : ours) {
    record.score = 0;
    theirs.push_back(record);
  }
  // niah: the mean of prose 1 and code 0; words: 1.
  EXPECT_EQ(ComparePaired(Pointers(ours), Pointers(theirs), Score).difference.mean, 0.75);
}

}  // namespace
}  // namespace dynsplit::eval
