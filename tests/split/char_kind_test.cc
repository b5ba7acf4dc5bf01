#include "split/char_kind.h"

#include <gtest/gtest.h>

namespace dynsplit {
namespace {

using enum CharKind;

TEST(CharKindTest, Ascii) {
  EXPECT_EQ(KindOf(U'a'), kLetter);
  EXPECT_EQ(KindOf(U'Z'), kLetter);
  EXPECT_EQ(KindOf(U'_'), kLetter);
  EXPECT_EQ(KindOf(U'0'), kDigit);
  EXPECT_EQ(KindOf(U'9'), kDigit);
  EXPECT_EQ(KindOf(U' '), kSpace);
  EXPECT_EQ(KindOf(U'\t'), kSpace);
  EXPECT_EQ(KindOf(U'\r'), kSpace);
  EXPECT_EQ(KindOf(U'\n'), kNewline);
  for (const char32_t c : {U'.', U'?', U'!'}) EXPECT_EQ(KindOf(c), kStop);
  EXPECT_EQ(KindOf(U','), kComma);
  EXPECT_EQ(KindOf(U':'), kColon);
  EXPECT_EQ(KindOf(U';'), kClause);
  EXPECT_EQ(KindOf(U'('), kOpen);
  EXPECT_EQ(KindOf(U'}'), kClose);
  EXPECT_EQ(KindOf(U'"'), kQuote);
  EXPECT_EQ(KindOf(U'='), kSign);
  EXPECT_EQ(KindOf(U'\0'), kSign);
  EXPECT_EQ(KindOf(U'\x7F'), kSign);
}

TEST(CharKindTest, BeyondAscii) {
  EXPECT_EQ(KindOf(U'。'), kWideStop);
  EXPECT_EQ(KindOf(U'！'), kWideStop);
  EXPECT_EQ(KindOf(U'？'), kWideStop);
  EXPECT_EQ(KindOf(U'；'), kClause);
  EXPECT_EQ(KindOf(U'：'), kClause);
  EXPECT_EQ(KindOf(U'、'), kWideComma);
  EXPECT_EQ(KindOf(U'，'), kWideComma);
  EXPECT_EQ(KindOf(U'」'), kClose);
  EXPECT_EQ(KindOf(U'「'), kOpen);
  EXPECT_EQ(KindOf(U'\u201D'), kClose);
  EXPECT_EQ(KindOf(U'\u2019'), kQuote);
  EXPECT_EQ(KindOf(U'…'), kStop);
  EXPECT_EQ(KindOf(U'\u3000'), kSpace);
  EXPECT_EQ(KindOf(U'\u0964'), kWideStop);
  EXPECT_EQ(KindOf(U'\uFF64'), kWideComma);  // the last entry of the table
}

TEST(CharKindTest, TheRestIsOther) {
  for (const char32_t c : {U'é', U'你', U'あ', U'한', U'😀', char32_t{0x80}, char32_t{0x200B},
                           char32_t{0xFF65}, char32_t{0xFFFD}, char32_t{0x10FFFF}}) {
    EXPECT_EQ(KindOf(c), kOther) << std::hex << static_cast<uint32_t>(c);
  }
}

}  // namespace
}  // namespace dynsplit
