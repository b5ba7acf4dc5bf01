#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "dynsplit/tokenizer.h"
#include "model/utf8.h"

namespace dynsplit {
namespace {

TEST(Utf8Stream, HoldsBackHalfCharacters) {
  Utf8Stream stream;
  EXPECT_EQ(stream.Append("a\xF0"), "a");
  EXPECT_EQ(stream.Append("\x9F\x98"), "");
  EXPECT_EQ(stream.Append("\x80z"), "\U0001F600z");
  EXPECT_EQ(stream.Finish(), "");
}

TEST(Utf8Stream, FlushesWhatCannotBecomeValid) {
  Utf8Stream stream;
  EXPECT_EQ(stream.Append("\xFF"), "\uFFFD");
  EXPECT_EQ(stream.Append("\x80"), "\uFFFD");
  EXPECT_EQ(stream.Append("\xC0\x80"), "\uFFFD\uFFFD");
  EXPECT_EQ(stream.Append("\xE2\x82"), "");
  EXPECT_EQ(stream.Append("a"), "\uFFFDa");
  EXPECT_EQ(stream.Append("\xED\xA0"), "\uFFFD\uFFFD");  // a surrogate already
}

TEST(Utf8Stream, FinishReplacesAndStartsAnew) {
  Utf8Stream stream;
  EXPECT_EQ(stream.Append("\xE4\xB8"), "");
  EXPECT_EQ(stream.Finish(), "\uFFFD");
  EXPECT_EQ(stream.Finish(), "");
  EXPECT_EQ(stream.Append("\xAD"), "\uFFFD");
}

TEST(Utf8Stream, PiecesDoNotMatter) {
  EXPECT_TRUE(rc::check([](const std::vector<std::string>& pieces) {
    Utf8Stream by_piece, at_once;
    std::string all, got;
    for (const std::string& piece : pieces) {
      all += piece;
      const std::string part = by_piece.Append(piece);
      RC_ASSERT(IsValidUtf8(part));
      got += part;
    }
    got += by_piece.Finish();
    std::string want = at_once.Append(all);
    want += at_once.Finish();
    RC_ASSERT(got == want);
  }));
}

TEST(Utf8Stream, ValidTextIsUnchanged) {
  EXPECT_TRUE(rc::check([](const std::vector<uint32_t>& numbers) {
    std::string text;
    for (const uint32_t n : numbers) {
      const uint32_t c = n % 0x110000;
      if (c < 0xD800 || c > 0xDFFF) AppendUtf8(c, &text);
    }
    Utf8Stream stream;
    std::string got;
    for (const char byte : text) got += stream.Append(std::string_view(&byte, 1));
    RC_ASSERT(got == text);
    RC_ASSERT(stream.Finish().empty());
  }));
}

}  // namespace
}  // namespace dynsplit
