#include "split/delimiter_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "split/delimiter_text.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using enum DelimiterClass;

// The class of the middle token, read between the texts before and after it.
DelimiterClass ClassBetween(const std::string& before, const std::string& token,
                            const std::string& after) {
  return ClassesOf({before, token, after})[1];
}

TEST(DelimiterScannerTest, StopsNeedTheRightNeighbour) {
  EXPECT_EQ(ClassBetween("end", ".", " Next"), kSentence);
  EXPECT_EQ(ClassBetween("end", "?", "\n"), kSentence);
  EXPECT_EQ(ClassBetween("end", "!", ")"), kSentence);
  EXPECT_EQ(ClassBetween("end", ".", "\""), kSentence);
  EXPECT_EQ(ClassBetween("end", ".", "</p>"), kSentence);
  EXPECT_EQ(ClassBetween("end", ".", ""), kSentence);
  EXPECT_EQ(ClassBetween("3", ".", "14"), kNone);
  EXPECT_EQ(ClassBetween("a", ".", "b"), kNone);
  EXPECT_EQ(ClassBetween("a ", "!", "= b"), kNone);
  EXPECT_EQ(ClassBetween(".", ".", "/x"), kNone);
  EXPECT_EQ(ClassBetween("e.g", ".", ", this"), kNone);
}

TEST(DelimiterScannerTest, OnlyTheLastMarkOfARunEndsTheSentence) {
  EXPECT_THAT(ClassesOf({"So", ".", ".", ".", " Yes", "?", "!", " No"}),
              ElementsAre(kNone, kNone, kNone, kSentence, kNone, kNone, kSentence, kNone));
}

TEST(DelimiterScannerTest, CommasAndColonsInsideNumbersAndNames) {
  EXPECT_EQ(ClassBetween("x", ",", " y"), kComma);
  EXPECT_EQ(ClassBetween("x", ",", "y"), kComma);
  EXPECT_EQ(ClassBetween("1", ",", "000"), kNone);
  EXPECT_EQ(ClassBetween("1", ",", " 2"), kComma);
  EXPECT_EQ(ClassBetween("note", ":", " this"), kClause);
  EXPECT_EQ(ClassBetween("\"key\"", ":", "1"), kClause);
  EXPECT_EQ(ClassBetween("12", ":", "30"), kNone);
  EXPECT_EQ(ClassBetween("std", "::", "span"), kNone);
  EXPECT_EQ(ClassBetween("http", ":", "//x"), kNone);
  EXPECT_EQ(ClassBetween("x", ";", "y"), kClause);
}

TEST(DelimiterScannerTest, ClosingAndOpeningAreToldApart) {
  EXPECT_EQ(ClassBetween("f(x", ")", " + 1"), kClosing);
  EXPECT_EQ(ClassBetween("f", "(", "x"), kNone);
  EXPECT_EQ(ClassBetween("say \"so", "\"", " now"), kClosing);
  EXPECT_EQ(ClassBetween("say ", "\"", "so"), kNone);
  EXPECT_EQ(ClassBetween("don", "'", "t"), kNone);
  EXPECT_EQ(ClassBetween("don", "\u2019", "t"), kNone);
  EXPECT_EQ(ClassBetween("\u201Cso", "\u201D", " now"), kClosing);
  EXPECT_EQ(ClassBetween("x=", "\"", "+"), kNone);
}

TEST(DelimiterScannerTest, QuotesAfterASentenceEndIt) {
  EXPECT_THAT(ClassesOf({"(", "go", ".", "\"", ")", " Then"}),
              ElementsAre(kNone, kNone, kSentence, kSentence, kSentence, kNone));
  EXPECT_EQ(ClassBetween("word,", "\"", " he"), kClosing);
}

TEST(DelimiterScannerTest, WideFormsAlsoInPieces) {
  EXPECT_THAT(ClassesOf({"你好", "，", "世界", "。", "」", "好"}),
              ElementsAre(kNone, kComma, kNone, kSentence, kSentence, kNone));
  // The full stop U+3002 as three byte tokens: the class lies on the last one.
  EXPECT_THAT(ClassesOf({"好", "\xE3", "\x80", "\x82", "好"}),
              ElementsAre(kNone, kNone, kNone, kSentence, kNone));
  EXPECT_EQ(ClassBetween("么", "？！", "好"), kSentence);
  EXPECT_EQ(ClassBetween("甲", "；", "乙"), kClause);
  EXPECT_EQ(ClassBetween("甲", "、", "乙"), kComma);
}

TEST(DelimiterScannerTest, BrokenUtf8IsNoDelimiter) {
  // A sequence that breaks off does not swallow the full stop behind it.
  EXPECT_THAT(ClassesOf({"a\xE3\x80", ".", " b"}), ElementsAre(kNone, kSentence, kNone));
  // An overlong full stop, stray continuation bytes, bytes that never occur.
  EXPECT_THAT(ClassesOf({"a", "\xE0\x80\xAE", "\x80\x80", "\xFF\xC0", "b"}),
              ::testing::Each(kNone));
}

TEST(DelimiterScannerTest, BlankLinesAreParagraphs) {
  EXPECT_THAT(
      ClassesOf({"a", "\n", "\n", "b", "\n", "  ", "\n", "c"}),
      ElementsAre(kSpace, kNewline, kParagraph, kSpace, kNewline, kSpace, kParagraph, kNone));
  EXPECT_EQ(ClassBetween("a", "\r\n\r\n", "b"), kParagraph);
  EXPECT_THAT(ClassesOf({"\n", "\n", "a"}), ElementsAre(kNewline, kParagraph, kNone));
  EXPECT_EQ(ClassBetween("<|end|>", "\n", "a"), kNewline);
}

TEST(DelimiterScannerTest, DedentComparesIndentation) {
  EXPECT_THAT(ClassesOf({"if", " x", ":\n", "    ", "go()\n", "    stay()", "\n", "back()"}),
              ElementsAre(kSpace, kNone, kNewline, kSpace, kNewline, kClosing, kDedent, kClosing));
  // White space in several tokens, and a tab worth eight columns.
  EXPECT_EQ(ClassBetween("        a", "\n",
                         "    \t"
                         "b"),
            kNewline);
  EXPECT_EQ(ClassBetween("\ta", "\n", "       b"), kDedent);
  EXPECT_THAT(ClassesOf({"    a", "\n", " ", " ", "b"}),
              ElementsAre(kSpace, kDedent, kSpace, kSpace, kNone));
  // A blank line between them is a paragraph, and indentation counts from the last line with text.
  EXPECT_THAT(ClassesOf({"    a", "\n", "\n", "    b", "\n", "c"}),
              ElementsAre(kSpace, kNewline, kParagraph, kSpace, kDedent, kNone));
}

TEST(DelimiterScannerTest, TheEndIsJudgedOnWhatIsThere) {
  EXPECT_THAT(ClassesOf({"a", "."}), ElementsAre(kNone, kSentence));
  EXPECT_THAT(ClassesOf({"a "}), ElementsAre(kSpace));
  EXPECT_THAT(ClassesOf({"    a", "\n"}), ElementsAre(kSpace, kNewline));
  EXPECT_THAT(ClassesOf({"a", "", ".", "", "b"}), ElementsAre(kNone, kNone, kNone, kNone, kNone));
}

TEST(DelimiterScannerTest, JudgingTheEndCanBeUndone) {
  DelimiterScanner scanner;
  std::vector<DelimiterClass> classes(3, kNone);
  scanner.AddText("3", 0, classes);
  scanner.AddText(".", 1, classes);
  const DelimiterScanner::EndJudgement end = scanner.JudgeEnd(classes);
  EXPECT_EQ(end.token, 1);
  EXPECT_EQ(end.before, kNone);
  EXPECT_EQ(classes[1], kSentence);
  classes[1] = end.before;
  scanner.AddText("14", 2, classes);
  EXPECT_THAT(classes, ElementsAre(kNone, kNone, kNone));
  EXPECT_EQ(DelimiterScanner().JudgeEnd(classes).token, -1);
}

}  // namespace
}  // namespace dynsplit
