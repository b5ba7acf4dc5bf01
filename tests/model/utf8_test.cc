#include "model/utf8.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

namespace dynsplit {
namespace {

std::string Encoded(uint32_t code_point) {
  std::string out;
  AppendUtf8(code_point, &out);
  return out;
}

TEST(FirstUtf8, EveryCodePointButSurrogatesIsValid) {
  for (uint32_t c = 0; c <= 0x10FFFF; ++c) {
    const std::string bytes = Encoded(c);
    const Utf8Prefix prefix = FirstUtf8(bytes + "x");
    const bool is_surrogate = c >= 0xD800 && c <= 0xDFFF;
    ASSERT_EQ(prefix.kind == Utf8Kind::kValid, !is_surrogate) << c;
    ASSERT_EQ(prefix.length, is_surrogate ? 1 : static_cast<int>(bytes.size())) << c;
  }
}

TEST(Printable, CommandsNoTerminal) {
  EXPECT_EQ(Printable("a\x1b[31mé\n\x7f"), "a\uFFFD[31mé\uFFFD\uFFFD");
  EXPECT_EQ(Printable("\xC2\x9B"
                      "31m\xC2\xA0."),
            "\uFFFD31m\xC2\xA0.");  // CSI in one character
  EXPECT_EQ(Printable("\xFF\xE2\x82"), "\uFFFD\uFFFD");
  EXPECT_EQ(Printable(std::string_view("\0x", 2)), "\uFFFDx");
}

TEST(Printable, LongTextsAreCut) {
  EXPECT_EQ(Printable("ééé", 3), "ééé");
  EXPECT_EQ(Printable("ééé", 2), "éé...");
  EXPECT_EQ(Quoted(std::string(65, 'x')), "'" + std::string(64, 'x') + "...'");
  EXPECT_EQ(Quoted(""), "''");
}

TEST(FirstUtf8, CutCharactersAreIncomplete) {
  const std::string face = "\U0001F600";
  for (int length = 1; length < 4; ++length) {
    const Utf8Prefix prefix = FirstUtf8(face.substr(0, length));
    EXPECT_EQ(prefix.kind, Utf8Kind::kIncomplete);
    EXPECT_EQ(prefix.length, length);
  }
}

TEST(FirstUtf8, IllFormedPartsAreMaximal) {
  const struct {
    std::string bytes;
    int length;
  } cases[] = {{"\x80", 1},
               {"\xC0\x80", 1},
               {"\xC3\x41", 1},
               {"\xE2\x82\x41", 2},
               {"\xE0\x80\x80", 1},
               {"\xED\xA0\x80", 1},
               {"\xF0\x9F\x41", 2},
               {"\xF0\x9F\x98\x41", 3},
               {"\xF4\x90\x80\x80", 1},
               {"\xF5\x80", 1},
               {"\xFF", 1}};
  for (const auto& c : cases) {
    EXPECT_EQ(FirstUtf8(c.bytes).kind, Utf8Kind::kInvalid) << c.bytes;
    EXPECT_EQ(FirstUtf8(c.bytes).length, c.length) << c.bytes;
  }
}

TEST(IsValidUtf8, Examples) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("naïve 中文 👍"));
  EXPECT_FALSE(IsValidUtf8("a\xE4\xB8"));
  EXPECT_FALSE(IsValidUtf8("a\xFF"));
}

TEST(ReadLeniently, AsLibllama) {
  const struct {
    std::string text, bytes, well_formed;
  } cases[] = {
      {"aé中", "aé中", "aé中"},
      {"\xFFz", "\uFFFDz", "\uFFFDz"},
      {"\xE2\x82", "\uFFFD\uFFFD", "\uFFFD\uFFFD"},  // one for each byte
      {"\xC1\xA1", "a", "a"},                        // overlong
      {"\xED\xA0\x80", "\xED\xA0\x80", "\uE000"},    // surrogate
      {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"\xF8\x88\x80", "\uFFFD\uFFFD\uFFFD", "\uFFFD\uFFFD\uFFFD"},
  };
  for (const auto& c : cases) {
    const LenientText read = ReadLeniently(c.text);
    EXPECT_EQ(read.bytes, c.bytes);
    EXPECT_EQ(read.well_formed, c.well_formed);
  }
}

TEST(LenientLength, OfTheFirstCharacter) {
  EXPECT_EQ(LenientLength("ab"), 1u);
  EXPECT_EQ(LenientLength("中a"), 3u);
  EXPECT_EQ(LenientLength("\xC1\xA1"), 2u);
  EXPECT_EQ(LenientLength("\xE4\xB8"), 0u);
  EXPECT_EQ(LenientLength("\xFFz"), 0u);
}

TEST(ReadLeniently, IsWellFormedAndOffsetsAgree) {
  EXPECT_TRUE(rc::check([](const std::string& text) {
    const LenientText read = ReadLeniently(text);
    RC_ASSERT(IsValidUtf8(read.well_formed));
    RC_ASSERT(read.bytes.size() == read.well_formed.size());
    if (IsValidUtf8(text)) RC_ASSERT(read.bytes == text);
  }));
}

}  // namespace
}  // namespace dynsplit
