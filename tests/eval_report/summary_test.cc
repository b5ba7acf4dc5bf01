#include "apps/eval/report/summary.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "eval_report/records.h"

namespace dynsplit::eval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Record> TwoTasks() {
  std::vector<Record> records;
  AddScores(records, "niah", "full", "", {1, 1, 1, 1});
  AddScores(records, "niah", "quest", "3%", {1, 0, 0, 1});
  AddScores(records, "niah", "dynsplit", "3%", {1, 1, 0, 1});
  AddScores(records, "words", "full", "", {0.5, 0.5});
  AddScores(records, "words", "quest", "3%", {0, 0});
  AddScores(records, "words", "dynsplit", "3%", {0.5, 0});
  return records;
}

TEST(SummaryTest, MeansOfTasksAndOverThem) {
  const Summary summary = Summarize(TwoTasks(), "").value();
  EXPECT_THAT(summary.methods, ElementsAre("full", "quest", "dynsplit"));
  ASSERT_EQ(summary.contexts.size(), 1u);
  const ContextSummary& context = summary.contexts[0];
  EXPECT_EQ(context.context, 4096);
  EXPECT_THAT(context.tasks, ElementsAre("niah", "words"));
  ASSERT_EQ(context.rows.size(), 3u);
  const Row& dynsplit = context.rows[2];
  EXPECT_EQ(dynsplit.setting.Name(), "dynsplit 3%");
  EXPECT_EQ(dynsplit.tasks[0]->score.mean, 0.75);
  EXPECT_EQ(dynsplit.tasks[0]->relative, 0.75);
  EXPECT_EQ(dynsplit.tasks[1]->score.mean, 0.25);
  EXPECT_EQ(dynsplit.tasks[1]->relative, 0.5);
  EXPECT_EQ(dynsplit.all.score.mean, 0.5);  // not 3.5 / 6: tasks weigh alike
  EXPECT_EQ(dynsplit.all.relative, 0.5 / 0.75);
  EXPECT_EQ(dynsplit.all.num_questions, 6);
  EXPECT_EQ(dynsplit.all.attended_tokens, 200);
  EXPECT_EQ(dynsplit.all.index_bytes, 1024);
  EXPECT_LT(dynsplit.all.score.low, 0.5);
  EXPECT_GT(dynsplit.all.score.high, 0.5);
  EXPECT_EQ(context.rows[0].all.relative, 1);
}

TEST(SummaryTest, EveryMethodAgainstTheFirstDynsplitOfItsBudget) {
  std::vector<Record> records = TwoTasks();
  AddScores(records, "niah", "dynsplit", "8%", {1, 1, 1, 1});
  AddScores(records, "niah", "dynsplit,c=8", "8%", {1, 1, 1, 0});
  const Summary summary = Summarize(records, "").value();
  std::vector<std::string> pairs;
  for (const PairedRow& row : summary.contexts[0].paired) {
    pairs.push_back(row.setting.Name() + " / " + row.baseline.Name());
  }
  EXPECT_THAT(pairs, ElementsAre("full / dynsplit 3%", "full / dynsplit 8%",
                                 "quest 3% / dynsplit 3%", "dynsplit,c=8 8% / dynsplit 8%"));
  const PairedRow& quest = summary.contexts[0].paired[2];
  EXPECT_EQ(quest.all.difference.mean, (-0.25 - 0.25) / 2);
  EXPECT_EQ(quest.all.lost, 2);
  EXPECT_EQ(quest.all.tied, 4);
  EXPECT_EQ(quest.tasks[0]->difference.mean, -0.25);
  EXPECT_FALSE(summary.contexts[0].paired[3].tasks[1].has_value());
}

TEST(SummaryTest, AnotherBaseline) {
  const Summary summary = Summarize(TwoTasks(), "full").value();
  ASSERT_EQ(summary.contexts[0].paired.size(), 2u);
  EXPECT_EQ(summary.contexts[0].paired[0].baseline.Name(), "full");
}

TEST(SummaryTest, ScoresAreRelativeToFullOnTheSameQuestions) {
  std::vector<Record> records = TwoTasks();
  std::erase_if(records, [](const Record& r) { return r.method == "quest" && r.task == "words"; });
  const Row quest = Summarize(records, "").value().contexts[0].rows[1];
  EXPECT_EQ(quest.num_tasks, 1u);
  EXPECT_EQ(quest.tasks[0]->relative, 0.5);
  EXPECT_FALSE(quest.tasks[1].has_value());
  EXPECT_EQ(quest.all.relative, 0.5);  // niah's: full's score of words is left out
}

TEST(SummaryTest, RelativeLeavesOutWhatOnlyOneAnswered) {
  std::vector<Record> records;
  AddScores(records, "niah", "full", "", {1, 0, 0, 0});
  AddScores(records, "niah", "quest", "3%", {1, 0});
  records.push_back(ScoredRecord("niah", "1/0", "h2o", "3%", 1));
  const ContextSummary context = Summarize(records, "").value().contexts[0];
  EXPECT_EQ(context.rows[1].tasks[0]->score.mean, 0.5);
  EXPECT_EQ(context.rows[1].tasks[0]->relative, 1);  // not 0.5 / 0.25
  EXPECT_EQ(context.rows[1].kinds[0]->relative, 1);
  EXPECT_EQ(context.rows[1].all.relative, 1);
  EXPECT_FALSE(context.rows[2].all.relative.has_value());  // not one of full's questions
}

TEST(SummaryTest, DocumentsAreResampledWithinACell) {
  std::vector<Record> records;
  for (int i = 0; i < 40; ++i) {
    const std::string question = std::to_string(i);
    records.push_back(ScoredRecord("niah", "0/" + question, "apart", "", i % 2));
    records.push_back(
        ScoredRecord("niah", std::to_string(i % 2) + "/" + question, "alike", "", i % 2));
  }
  const ContextSummary context = Summarize(records, "").value().contexts[0];
  EXPECT_GT(context.rows[0].all.score.low, 0.3);  // one document: as if questions were independent
  EXPECT_EQ(context.rows[1].all.score.low, 0);    // two: one of them may be drawn twice
  EXPECT_EQ(context.rows[1].all.score.high, 1);
}

TEST(SummaryTest, KlIsTheMeanOverTextKindsAsPerplexityIs) {
  std::vector<Record> records = {ContinuationRecord("0/0", "quest", "8%", std::log(4), 0.3),
                                 ContinuationRecord("1/0", "quest", "8%", std::log(4), 0.3),
                                 ContinuationRecord("2/0", "quest", "8%", std::log(4), 0.3),
                                 ContinuationRecord("3/0", "quest", "8%", std::log(16), 0.1)};
  records[3].kind = "code";
  const ContinuationCell cell = Summarize(records, "").value().contexts[0].continuations[0];
  EXPECT_NEAR(cell.perplexity.mean, 8, 1e-9);
  EXPECT_NEAR(cell.kl.mean, 0.2, 1e-12);
}

TEST(SummaryTest, TextKindsWeighAlikeWithinATask) {
  std::vector<Record> records;
  AddScores(records, "niah", "dynsplit", "3%", {1, 1, 1});
  records.push_back(ScoredRecord("niah", "1/0", "dynsplit", "3%", 0));
  records.back().kind = "code";
  const ContextSummary context = Summarize(records, "").value().contexts[0];
  EXPECT_EQ(context.rows[0].all.score.mean, 0.5);
  EXPECT_THAT(context.kinds, ElementsAre("prose", "code"));
  EXPECT_EQ(context.rows[0].kinds[0]->score.mean, 1);
  EXPECT_EQ(context.rows[0].kinds[1]->score.mean, 0);
  EXPECT_FALSE(context.rows[0].all.relative.has_value());  // there is no full
}

TEST(SummaryTest, Continuations) {
  const std::vector<Record> records = {
      ContinuationRecord("0/0", "full", "", std::log(4), 0),
      ContinuationRecord("1/0", "full", "", std::log(16), 0),
      ContinuationRecord("0/0", "quest", "8%", std::log(8), 0.25, 1),
      ContinuationRecord("1/0", "quest", "8%", std::log(32), 0.75, 0.5),
  };
  const ContextSummary context = Summarize(records, "").value().contexts[0];
  EXPECT_TRUE(context.rows.empty());
  ASSERT_EQ(context.continuations.size(), 2u);
  EXPECT_NEAR(context.continuations[0].perplexity.mean, 8, 1e-9);
  const ContinuationCell& quest = context.continuations[1];
  EXPECT_EQ(quest.num_continuations, 2);
  EXPECT_NEAR(quest.perplexity.mean, 16, 1e-9);
  EXPECT_NEAR(quest.perplexity.low, 8, 1e-9);
  EXPECT_NEAR(quest.perplexity.high, 32, 1e-9);
  EXPECT_NEAR(quest.relative->mean, 2, 1e-9);
  EXPECT_NEAR(quest.relative->low, 2, 1e-9);  // twice full's on each of them
  EXPECT_EQ(quest.kl.mean, 0.5);
  EXPECT_EQ(quest.kl.low, 0.25);  // either document may be drawn twice
  EXPECT_EQ(quest.kl.high, 0.75);
  EXPECT_EQ(quest.same_top.mean, 0.75);
  EXPECT_EQ(quest.same_top.low, 0.5);
  EXPECT_EQ(quest.same_top.high, 1);
}

// dialogue has one text more, and quest was not measured on code.
std::vector<Record> FedTasks() {
  std::vector<Record> records = {
      ContinuationRecord("0/0", "full", "", std::log(2), 0, 1),
      ContinuationRecord("0/0", "full", "", std::log(2), 0, 1),
      ContinuationRecord("0/1", "full", "", std::log(8), 0, 1),
      ContinuationRecord("0/0", "dynsplit", "3%", std::log(4), 0.25, 1),
      ContinuationRecord("0/0", "dynsplit", "3%", std::log(4), 0.5, 0.5),
      ContinuationRecord("0/1", "dynsplit", "3%", std::log(16), 1, 1),
      ContinuationRecord("0/0", "quest", "3%", std::log(4), 2, 0.5),
      ContinuationRecord("0/1", "quest", "3%", std::log(4), 4, 0.5),
  };
  for (size_t i = 0; i < records.size(); ++i) {
    records[i].task = i == 0 || i == 3 ? "code" : "dialogue";
  }
  return records;
}

TEST(SummaryTest, ContinuationsOfSeveralTasksHaveAMean) {
  const ContextSummary context = Summarize(FedTasks(), "").value().contexts[0];
  EXPECT_THAT(context.continuation_tasks, ElementsAre("code", "dialogue"));
  std::vector<std::string> names;
  for (const ContinuationCell& cell : context.continuations) {
    names.push_back(cell.task + " " + cell.setting.Name());
  }
  EXPECT_THAT(names,
              ElementsAre("code full", "code dynsplit 3%", "dialogue full", "dialogue dynsplit 3%",
                          "dialogue quest 3%", "all full", "all dynsplit 3%", "all quest 3%"));
  const ContinuationCell& dynsplit = context.continuations[6];
  EXPECT_EQ(dynsplit.num_continuations, 3);
  EXPECT_EQ(dynsplit.num_tasks, 2u);
  EXPECT_EQ(dynsplit.kl.mean, (0.25 + (0.5 + 1) / 2) / 2);  // not 1.75 / 3: tasks weigh alike
  EXPECT_EQ(dynsplit.kl.low, (0.25 + 0.5) / 2);
  EXPECT_EQ(dynsplit.kl.high, (0.25 + 1) / 2);
  EXPECT_EQ(dynsplit.same_top.mean, (1 + 0.75) / 2);
  EXPECT_NEAR(dynsplit.perplexity.mean, std::sqrt(4 * 8), 1e-9);  // of log 4, and log 4 and log 16
  EXPECT_NEAR(dynsplit.relative->mean, 2, 1e-9);
  const ContinuationCell& quest = context.continuations[7];
  EXPECT_EQ(quest.num_tasks, 1u);
  EXPECT_EQ(quest.kl.mean, 3);
}

TEST(SummaryTest, ContextsAreApartAndAscending) {
  std::vector<Record> records = TwoTasks();
  for (Record& record : records) record.context = 16384;
  records.push_back(ScoredRecord("niah", "0/0", "dynsplit", "3%", 1));
  const Summary summary = Summarize(records, "").value();
  ASSERT_EQ(summary.contexts.size(), 2u);
  EXPECT_EQ(summary.contexts[0].context, 4096);
  EXPECT_EQ(summary.contexts[0].rows.size(), 1u);
  EXPECT_EQ(summary.contexts[1].rows.size(), 3u);
}

TEST(SummaryTest, TheOrderOfTheRecordsDoesNotChangeAFigure) {
  std::vector<Record> records = TwoTasks();
  const Summary first = Summarize(records, "").value();
  std::reverse(records.begin(), records.end());
  const Summary second = Summarize(records, "").value();
  const Estimate& a = first.contexts[0].rows[1].all.score;
  const Estimate& b = second.contexts[0].rows[1].all.score;
  EXPECT_EQ(second.contexts[0].rows[1].setting.method, "quest");
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
}

TEST(SummaryTest, WhatCannotBeReported) {
  EXPECT_THAT(Summarize({}, "").status().message(), HasSubstr("no results"));
  const Status baseline = Summarize(TwoTasks(), "h2o").status();
  EXPECT_EQ(baseline.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(baseline.message(), HasSubstr("h2o"));
  EXPECT_THAT(baseline.message(), HasSubstr("full, quest, dynsplit"));
  std::vector<Record> twice = TwoTasks();
  twice.push_back(twice[5]);
  EXPECT_THAT(Summarize(twice, "").status().message(), HasSubstr("two records of quest 3%"));
}

}  // namespace
}  // namespace dynsplit::eval
