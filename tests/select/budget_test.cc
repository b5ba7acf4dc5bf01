#include <gtest/gtest.h>

#include "dynsplit/method.h"

namespace dynsplit {
namespace {

TEST(BudgetTest, Tokens) {
  const Result<Budget> budget = ParseBudget("512");
  ASSERT_TRUE(budget.ok());
  EXPECT_EQ(budget->TokensAt(1000), 512);
  EXPECT_EQ(budget->TokensAt(100), 100);
  EXPECT_EQ(ParseBudget("0")->TokensAt(1000), 0);
  EXPECT_EQ(ParseBudget("2147483647")->tokens, 2147483647);
}

TEST(BudgetTest, Percent) {
  EXPECT_EQ(ParseBudget("3%")->TokensAt(1000), 30);
  EXPECT_EQ(ParseBudget("2.5%")->TokensAt(1000), 25);
  EXPECT_EQ(ParseBudget("100%")->TokensAt(77), 77);
  EXPECT_EQ(ParseBudget("0%")->TokensAt(1000), 0);
}

TEST(BudgetTest, PercentUpToTokens) {
  const Result<Budget> budget = ParseBudget("5%:1024");
  ASSERT_TRUE(budget.ok());
  EXPECT_EQ(budget->TokensAt(1000), 50);
  EXPECT_EQ(budget->TokensAt(100000), 1024);
  EXPECT_EQ(ParseBudget("0%:7")->TokensAt(1000), 0);
}

TEST(BudgetTest, PercentWithinTokens) {
  const Result<Budget> budget = ParseBudget("5%:256..1024@0.9");
  ASSERT_TRUE(budget.ok());
  EXPECT_EQ(budget->TokensAt(1000), 256);
  EXPECT_EQ(budget->TokensAt(10000), 500);
  EXPECT_EQ(budget->TokensAt(100000), 1024);
  EXPECT_EQ(budget->mass, 0.9);
}

TEST(BudgetTest, AShareHasNoOtherBound) {
  EXPECT_EQ(Budget{.percent = 50}.TokensAt(100000), 50000);
  EXPECT_EQ(Budget{}.TokensAt(100000), 100000);
}

TEST(BudgetTest, Mass) {
  EXPECT_EQ(ParseBudget("512")->mass, 0);
  const Result<Budget> budget = ParseBudget("8%@0.95");
  ASSERT_TRUE(budget.ok());
  EXPECT_EQ(budget->TokensAt(1000), 80);
  EXPECT_EQ(budget->mass, 0.95);
  EXPECT_EQ(ParseBudget("512@1")->TokensAt(1000), 512);
  EXPECT_EQ(ParseBudget("512@1")->mass, 1);
}

TEST(BudgetTest, WrongTextsAreNamed) {
  for (const char* text : {"",
                           "%",
                           "x",
                           "12x",
                           " 12",
                           "-1",
                           "2147483648",
                           "1.5",
                           "101%",
                           "-1%",
                           "nan%",
                           "inf%",
                           "99999999999999999999",
                           "5%%",
                           "5%1024",
                           "5%:",
                           "5%:-1",
                           "5%:2%",
                           "5%:2..1",
                           "5%:..9",
                           "5%:9..",
                           "5%:1...9",
                           "1..9",
                           "512:5%",
                           "%:512",
                           "@",
                           "@0.5",
                           "5@",
                           "5@0",
                           "5@1.1",
                           "5@-1",
                           "5@nan",
                           "5@0.5@0.5",
                           "5@50%"}) {
    const Result<Budget> budget = ParseBudget(text);
    ASSERT_FALSE(budget.ok()) << text;
    EXPECT_EQ(budget.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(budget.status().message().find("\"" + std::string(text) + "\""), std::string::npos);
  }
}

TEST(BudgetTest, FormatReadsBack) {
  for (const char* text : {"0", "512", "3%", "2.5%", "0.1%", "512@0.5", "100%@0.99", "0@1", "0%",
                           "100%", "5%:1024", "2.5%:0@0.9", "8%:256..1024@0.96", "100%:7..9"}) {
    EXPECT_EQ(FormatBudget(*ParseBudget(text)), text);
  }
}

}  // namespace
}  // namespace dynsplit
