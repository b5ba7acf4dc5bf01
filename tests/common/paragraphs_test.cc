#include "apps/common/paragraphs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/tiny_vocabulary.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SplitParagraphsTest, BlankLinesPartAndIndentationStays) {
  EXPECT_THAT(SplitParagraphs("One\ntwo.\n\n\n\n  three\n\n \t\n\nfour\n"),
              ElementsAre("One\ntwo.", "  three", "four\n"));
  EXPECT_THAT(SplitParagraphs(""), IsEmpty());
  EXPECT_THAT(SplitParagraphs("\n\n\n"), IsEmpty());
}

TEST(JoinParagraphsTest, InsertionsStandBeforeTheirParagraphInOrder) {
  EXPECT_EQ(JoinParagraphs({"a", "b"}), "a\n\nb\n\n");
  EXPECT_EQ(JoinParagraphs({"a", "b"}, {{0, "x"}, {1, "y"}, {1, "z"}, {2, "end"}}),
            "x\n\na\n\ny\n\nz\n\nb\n\nend\n\n");
  EXPECT_EQ(JoinParagraphs({}, {{0, "x"}}), "x\n\n");
}

TEST(CountTokensTest, WithoutSpecialTokens) {
  const auto tokenizer = *Tokenizer::Create(testing::TinyBpe());
  EXPECT_EQ(*CountTokens("hello12", *tokenizer), 2);
  EXPECT_EQ(*CountTokens("", *tokenizer), 0);
  EXPECT_EQ(*CountParagraphTokens("hello12", *tokenizer), 4);
}

}  // namespace
}  // namespace dynsplit
