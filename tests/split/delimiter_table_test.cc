#include "split/delimiter_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "split/delimiter_text.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using enum DelimiterClass;

TEST(DelimiterTableTest, TakesTheStrongestClassOfAToken) {
  EXPECT_THAT(ClassesOf({"a", "),", "b", "\");\n", "c", ".\n\n", "d"}),
              ElementsAre(kNone, kComma, kNone, kNewline, kNone, kParagraph, kNone));
}

TEST(DelimiterTableTest, SpaceLooksAtBothSidesOfTheCut) {
  EXPECT_THAT(ClassesOf({"un", "believ", "able", " story", " ", "x", "\t"}),
              ElementsAre(kNone, kNone, kSpace, kSpace, kSpace, kSpace, kSpace));
}

TEST(DelimiterTableTest, ChatTemplateTokensAreTurns) {
  EXPECT_THAT(ClassesOf({"Hi", ".", "<|im_end|>", "\n", "<|im_start|>", "user"}),
              ElementsAre(kNone, kSentence, kTurn, kNewline, kTurn, kNone));
}

TEST(DelimiterTableTest, BytesAndSize) {
  const DelimiterTable table = TableOf({"ab", "", "<|x|>"});
  EXPECT_EQ(table.size(), 3);
  EXPECT_EQ(table.Bytes(0), "ab");
  EXPECT_EQ(table.Bytes(1), "");
  EXPECT_FALSE(table.IsTurn(0));
  EXPECT_TRUE(table.IsTurn(2));
}

TEST(DelimiterTableTest, TokensRepeatAndMayBeNone) {
  const DelimiterTable table = TableOf({"a", ".", " b"});
  std::vector<DelimiterClass> classes(5);
  table.Classify(std::vector<int32_t>{0, 1, 2, 1, 2}, classes);
  EXPECT_THAT(classes, ElementsAre(kNone, kSentence, kNone, kSentence, kNone));
  table.Classify({}, {});
}

TEST(DelimiterTableDeathTest, UnknownIdIsABug) {
  const DelimiterTable table = TableOf({"a"});
  std::vector<DelimiterClass> classes(1);
  EXPECT_DEATH(table.Classify(std::vector<int32_t>{1}, classes), "check failed");
  EXPECT_DEATH(table.Classify(std::vector<int32_t>{-1}, classes), "check failed");
}

}  // namespace
}  // namespace dynsplit
