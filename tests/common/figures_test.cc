#include "apps/common/figures.h"

#include <gtest/gtest.h>

namespace dynsplit {
namespace {

TEST(FiguresTest, Numbers) {
  EXPECT_EQ(FormatBytes(512), "512 B");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatBytes(int64_t{3} << 40), "3.0 TiB");
  EXPECT_EQ(FormatSeconds(0.85), "850 ms");
  EXPECT_EQ(FormatSeconds(12.34), "12.3 s");
  EXPECT_EQ(FormatSeconds(245), "4 min 05 s");
  EXPECT_EQ(FormatRate(12.34), "12.3");
  EXPECT_EQ(FormatRate(512.4), "512");
  EXPECT_EQ(Rate(10, 4), 2.5);
  EXPECT_EQ(Rate(10, 0), 0);
}

TEST(TableTest, FiguresStandToTheRightUnderAHeader) {
  Table table({"name", "n"});
  table.AddRow({"é", "5"});
  table.AddRow({"other", "500"});
  EXPECT_EQ(table.ToString(),
            "name     n\n"
            "-----  ---\n"
            "é        5\n"
            "other  500\n");
}

TEST(TableTest, WithoutAHeaderAllStandToTheLeft) {
  Table table;
  table.AddRow({"a", "1"});
  table.AddRow({"bcd", ""});
  EXPECT_EQ(table.ToString(), "a    1\nbcd\n");
}

TEST(TableTest, CellsCommandNoTerminal) {
  Table table;
  table.AddRow({"name", "\x1b[31mred\n"});
  EXPECT_EQ(table.ToString(), "name  \uFFFD[31mred\uFFFD\n");
}

}  // namespace
}  // namespace dynsplit
