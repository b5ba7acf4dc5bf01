#include "apps/eval/report/csv.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "eval_report/records.h"

namespace dynsplit::eval {
namespace {

// RFC 4180, as a reader would have it.
std::vector<std::vector<std::string>> ParseCsv(const std::string& text) {
  std::vector<std::vector<std::string>> lines(1, {""});
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      lines.back().back() += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      lines.back().emplace_back();
    } else if (c == '\n' && !quoted) {
      lines.push_back({""});
    } else {
      lines.back().back() += c;
    }
  }
  lines.pop_back();  // after the last line feed
  return lines;
}

TEST(CsvTest, ReadBack) {
  const std::string task = "a,\"b\"|\n<script>";
  std::vector<Record> records;
  AddScores(records, task, "full", "", {1, 1});
  AddScores(records, task, "dynsplit", "3%", {1, 0});
  records.push_back(ContinuationRecord("0/0", "full", "", std::log(4), 0));
  records.push_back(ContinuationRecord("0/0", "quest", "8%", std::log(5), 0.25, 0.75));
  const auto lines = ParseCsv(ToCsv(Summarize(records, "").value()));
  ASSERT_EQ(lines.size(), 1u + 2 * 3 + 2);  // a task, a kind and all, for two; two continuations
  const std::vector<std::string>& header = lines[0];
  std::vector<std::map<std::string, std::string>> cells;
  for (const auto& line : lines) {
    ASSERT_EQ(line.size(), header.size());
    auto& cell = cells.emplace_back();
    for (size_t i = 0; i < header.size(); ++i) cell[header[i]] = line[i];
  }
  auto& of_task = cells[4];
  EXPECT_EQ(of_task["context"], "4096");
  EXPECT_EQ(of_task["task"], task);
  EXPECT_EQ(of_task["kind"], "all");
  EXPECT_EQ(of_task["method"], "dynsplit");
  EXPECT_EQ(of_task["budget"], "3%");
  EXPECT_EQ(of_task["questions"], "2");
  EXPECT_EQ(of_task["score"], "0.5");
  EXPECT_EQ(of_task["score_low"], "0");
  EXPECT_EQ(of_task["score_high"], "1");
  EXPECT_EQ(of_task["relative_to_full"], "0.5");
  EXPECT_EQ(of_task["perplexity"], "");
  EXPECT_EQ(of_task["same_top_high"], "");
  EXPECT_EQ(of_task["attended_tokens"], "200");
  EXPECT_EQ(of_task["index_bytes"], "1024");
  EXPECT_EQ(cells[5]["task"], "all");
  EXPECT_EQ(cells[5]["kind"], "prose");
  auto& continuation = cells[8];
  EXPECT_EQ(continuation["task"], "perplexity");
  EXPECT_EQ(continuation["score"], "");
  EXPECT_EQ(continuation["relative_to_full"], "");
  EXPECT_EQ(continuation["perplexity"], "5");
  EXPECT_EQ(continuation["perplexity_to_full"], "1.25");
  EXPECT_EQ(continuation["perplexity_to_full_high"], "1.25");
  EXPECT_EQ(continuation["kl"], "0.25");
  EXPECT_EQ(continuation["kl_low"], "0.25");
  EXPECT_EQ(continuation["kl_high"], "0.25");
  EXPECT_EQ(continuation["same_top"], "0.75");
  EXPECT_EQ(continuation["same_top_high"], "0.75");
  EXPECT_EQ(continuation["attended_tokens"], "200");
}

}  // namespace
}  // namespace dynsplit::eval
