#include "apps/eval/report/grid.h"

#include <gmock/gmock.h>

#include "eval_report/records.h"

namespace dynsplit::eval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// niah: dynsplit is right where quest is, and once more; words: only full was asked.
ContextSummary Context() {
  std::vector<Record> records;
  AddScores(records, "niah", "full", "", {1, 1});
  AddScores(records, "niah", "quest", "3%", {0, 1});
  AddScores(records, "niah", "dynsplit", "3%", {1, 1});
  AddScores(records, "words", "full", "", {0.5});
  return Summarize(records, "").value().contexts[0];
}

TEST(GridTest, Scores) {
  const Grid grid = ScoreGrid(Context());
  EXPECT_THAT(grid.header, ElementsAre("method", "budget", "niah", "words", "mean [95 %]",
                                       "of full", "questions", "attended", "index"));
  ASSERT_EQ(grid.rows.size(), 3u);
  EXPECT_THAT(grid.rows[0], ElementsAre("full", "", "100.0", "50.0", "75.0 [75.0, 75.0]", "100.0",
                                        "3", "4000", "0 B"));
  EXPECT_THAT(grid.rows[1],
              ElementsAre("quest", "3%", "50.0", "-", "50.0 [0.0, 100.0] (1 of 2 tasks)", "50.0",
                          "2", "200", "1.0 KiB"));
}

TEST(GridTest, DifferencesThatMayBeChanceAreInBrackets) {
  const Grid grid = PairedGrid(Context());
  ASSERT_EQ(grid.rows.size(), 2u);
  EXPECT_THAT(grid.rows[0], ElementsAre("full", "dynsplit 3%", "2", "0.0 [0.0, 0.0]", "0", "0", "2",
                                        "1", "(0.0)", "-"));
  EXPECT_THAT(grid.rows[1], ElementsAre("quest 3%", "dynsplit 3%", "2", "-50.0 [-100.0, 0.0]", "0",
                                        "1", "1", "0", "(-50.0)", "-"));
}

TEST(GridTest, EveryRowIsAsLongAsTheHeader) {
  ContextSummary context = Context();
  context.continuations.push_back({.task = "perplexity",
                                   .setting = {"quest", "8%"},
                                   .num_continuations = 2,
                                   .perplexity = {8, 7, 9},
                                   .relative = Estimate{1.01, 1, 1.02},
                                   .kl = {0.5, 0.25, 0.75},
                                   .same_top = {0.9, 0.875, 1}});
  const std::vector<DepthMap> maps = {{"niah", {4096}, {{{"quest", "3%"}, {{}}}}}};
  const std::vector<KindImportance> kinds = {{"prose", {{"comma", 2, 30, 0.5, 0.1}}}};
  for (const Grid& grid : {ScoreGrid(context), KindGrid(context), PairedGrid(context),
                           ContinuationGrid(context), DepthGrid(maps[0]), ImportanceGrid(kinds)}) {
    EXPECT_FALSE(grid.rows.empty()) << grid.caption;
    for (const auto& row : grid.rows) EXPECT_EQ(row.size(), grid.header.size()) << grid.caption;
  }
  EXPECT_THAT(ContinuationGrid(context).rows[0],
              ElementsAre("quest", "8%", "perplexity", "2", "8.000 [7.000, 9.000]",
                          "101.00 [100.00, 102.00]", "0.5000 [0.2500, 0.7500]",
                          "90.0 [87.5, 100.0]", "0", "0 B"));
}

TEST(GridTest, AMeanSaysOfHowManyTasksItIs) {
  ContextSummary context;
  context.continuation_tasks = {"code", "dialogue"};
  context.continuations.resize(3);
  context.continuations[0].task = "code";
  context.continuations[1].task = context.continuations[2].task = kAllTasks;
  context.continuations[1].num_tasks = 2;
  const Grid grid = ContinuationGrid(context);
  EXPECT_EQ(grid.rows[0][2], "code");
  EXPECT_EQ(grid.rows[1][2], "all");
  EXPECT_EQ(grid.rows[2][2], "all (1 of 2 tasks)");
}

TEST(GridTest, Written) {
  const Grid grid{"A <caption>", {"method", "a|b"}, {{"<i>", "1"}}};
  EXPECT_EQ(ToMarkdown(grid),
            "A \\<caption\\>\n\n| method | a\\|b |\n|---|---|\n| \\<i\\> | 1 |\n\n");
  EXPECT_THAT(ToHtml(grid), HasSubstr("<caption>A &lt;caption&gt;</caption>"));
  EXPECT_THAT(ToHtml(grid), HasSubstr("<tr><th scope='row'>&lt;i&gt;</th><td>1</td></tr>"));
  EXPECT_EQ(ToText(grid), "A <caption>\nmethod  a|b\n------  ---\n<i>       1\n");
}

}  // namespace
}  // namespace dynsplit::eval
