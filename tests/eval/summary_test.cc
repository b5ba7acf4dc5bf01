#include "apps/eval/summary.h"

#include <gtest/gtest.h>

#include <vector>

namespace dynsplit::eval {
namespace {

TEST(SummaryTest, MeansByTaskContextMethodAndBudget) {
  std::vector<Record> records;
  const auto add = [&](const std::string& method, const std::string& budget, double score) {
    Record record;
    record.task = "niah";
    record.context = 4096;
    record.method = method;
    record.budget = budget;
    record.score = score;
    record.attended_tokens = 100 * (score + 1);
    records.push_back(record);
  };
  add("full", "", 1);
  add("dynsplit", "3%", 1);
  add("dynsplit", "3%", 0);
  add("dynsplit", "8%", 1);
  add("full", "", 0.5);
  EXPECT_EQ(SummaryTable(records),
            "task  context    method  budget  questions  score  attended\n"
            "----  -------  --------  ------  ---------  -----  --------\n"
            "niah     4096      full       -          2  0.750       175\n"
            "niah     4096  dynsplit      3%          2  0.500       150\n"
            "niah     4096  dynsplit      8%          1  1.000       200\n");
}

}  // namespace
}  // namespace dynsplit::eval
