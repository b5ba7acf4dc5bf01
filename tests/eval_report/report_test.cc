#include "apps/eval/report/report.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "base/file.h"
#include "eval_report/records.h"

namespace dynsplit::eval {
namespace {

using ::testing::HasSubstr;

constexpr size_t kMaxBytes = 1 << 20;

std::vector<Record> Records() {
  std::vector<Record> records;
  AddScores(records, "a|b", "full", "", {1, 1});
  AddScores(records, "a|b", "dynsplit", "3%", {1, 0});
  return records;
}

TEST(ReportTest, WritesThreeFiles) {
  const std::string dir = ::testing::TempDir() + "report_test";
  std::filesystem::create_directories(dir);
  const ReportOptions options{.baseline = "", .title = "T", .lines = {"model: <m>"}};
  ASSERT_TRUE(WriteReports(dir, Records(), {}, options).ok());
  EXPECT_THAT(*ReadFile(dir + "/summary.csv", kMaxBytes), HasSubstr("4096,a|b,all,dynsplit,3%,2"));
  const std::string markdown = *ReadFile(dir + "/summary.md", kMaxBytes);
  EXPECT_THAT(markdown, HasSubstr("# T\n\n- model: \\<m\\>\n"));
  EXPECT_THAT(markdown, HasSubstr("| a\\|b |"));
  EXPECT_THAT(markdown, HasSubstr("| full | dynsplit 3% | 2 |"));
  EXPECT_THAT(markdown, HasSubstr("fewer than two documents"));
  EXPECT_THAT(*ReadFile(dir + "/report.html", kMaxBytes), HasSubstr("<h1>T</h1>"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir), {}), 3);
  std::filesystem::remove_all(dir);
}

TEST(ReportTest, TheTerminalShowsTheSameTables) {
  const std::string text = SummaryTable(Records(), {}).value();
  EXPECT_THAT(text, HasSubstr("Scores at 4096"));
  EXPECT_THAT(text, HasSubstr("dynsplit"));
  EXPECT_THAT(text, HasSubstr("On the same questions"));
}

TEST(ReportTest, ErrorsSayWhatIsWrong) {
  const Status empty = WriteReports(::testing::TempDir(), {}, {}, {});
  EXPECT_EQ(empty.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(empty.message(), HasSubstr("no results"));
  EXPECT_FALSE(SummaryTable({}, {}).ok());
  const Status missing = WriteReports(::testing::TempDir() + "no_such", Records(), {}, {});
  EXPECT_EQ(missing.code(), StatusCode::kNotFound);
  EXPECT_THAT(missing.message(), HasSubstr("no_such/summary.csv"));
}

}  // namespace
}  // namespace dynsplit::eval
