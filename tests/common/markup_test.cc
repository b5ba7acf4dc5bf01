#include "apps/common/markup.h"

#include <gtest/gtest.h>

namespace dynsplit {
namespace {

TEST(MarkupTest, NoCharacterOfTextIsMarkup) {
  EXPECT_EQ(EscapedMarkup("<b a='1' c=\"2\">&\n\x01é"),
            "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;  é");
  EXPECT_EQ(EscapedMarkdown("a|b\n`c` *d* <e>"), "a\\|b \\`c\\` \\*d\\* \\<e\\>");
}

TEST(MarkupTest, CsvIsQuotedWhereItHasToBe) {
  EXPECT_EQ(EscapedCsv("niah-single"), "niah-single");
  EXPECT_EQ(EscapedCsv(""), "");
  EXPECT_EQ(EscapedCsv("a,b"), "\"a,b\"");
  EXPECT_EQ(EscapedCsv("say \"a\""), "\"say \"\"a\"\"\"");
  EXPECT_EQ(EscapedCsv("two\nlines"), "\"two\nlines\"");
}

}  // namespace
}  // namespace dynsplit
