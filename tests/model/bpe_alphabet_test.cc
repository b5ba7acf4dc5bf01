#include "model/bpe_alphabet.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>
#include <string>

namespace dynsplit {
namespace {

TEST(ByteSymbol, KnownOnes) {
  EXPECT_EQ(ByteSymbol('a'), "a");
  EXPECT_EQ(ByteSymbol(' '), "Ġ");
  EXPECT_EQ(ByteSymbol('\n'), "Ċ");
  EXPECT_EQ(ByteSymbol(0), "Ā");
  EXPECT_EQ(ByteSymbol(0x7F), "ġ");
  EXPECT_EQ(ByteSymbol(0xAD), "Ń");
  EXPECT_EQ(ByteSymbol(0xFF), "ÿ");
}

TEST(ByteSymbol, AllDiffer) {
  std::set<std::string_view> symbols;
  for (int byte = 0; byte < 256; ++byte) symbols.insert(ByteSymbol(static_cast<uint8_t>(byte)));
  EXPECT_EQ(symbols.size(), 256u);
}

TEST(DecodeByteSymbols, UndoesEncoding) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) {
    RC_ASSERT(DecodeByteSymbols(EncodeByteSymbols(bytes)) == bytes);
  }));
}

TEST(DecodeByteSymbols, ForeignCharactersStandForThemselves) {
  EXPECT_EQ(DecodeByteSymbols("Ġ中a"), " 中a");
  EXPECT_EQ(DecodeByteSymbols("a\xE4\xB8"), "a\xE4\xB8");
}

}  // namespace
}  // namespace dynsplit
