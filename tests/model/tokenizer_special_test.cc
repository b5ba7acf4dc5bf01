#include "model/tokenizer_special.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/tiny_vocabulary.h"

namespace dynsplit {
namespace {

using testing::AddToken;
using ::testing::ElementsAre;
using testing::TinyBpe;

// Fragments as text; special tokens as "#id".
std::vector<std::string> Cut(const std::string& text, bool parse_special,
                             Vocabulary vocabulary = TinyBpe()) {
  const Result<VocabularyIndex> index = VocabularyIndex::Create(std::move(vocabulary));
  const SpecialTokens special(*index);
  std::vector<std::string> parts;
  size_t at = 0;
  for (const SpecialTokens::Fragment& f : special.Cut(text, parse_special)) {
    EXPECT_EQ(f.begin, at);
    EXPECT_LT(f.begin, f.end);
    at = f.end;
    parts.push_back(f.token >= 0 ? "#" + std::to_string(f.token)
                                 : text.substr(f.begin, f.end - f.begin));
  }
  EXPECT_EQ(at, text.size());
  return parts;
}

TEST(SpecialTokens, ControlTokensOnlyOnRequest) {
  EXPECT_THAT(Cut("<|im_start|>a<|im_end|>", true), ElementsAre("#263", "a", "#264"));
  EXPECT_THAT(Cut("<|im_start|>a<|im_end|>", false), ElementsAre("<|im_start|>a<|im_end|>"));
}

TEST(SpecialTokens, UserDefinedTokensAlways) {
  EXPECT_THAT(Cut("x<tool>y", false), ElementsAre("x", "#265", "y"));
  EXPECT_THAT(Cut("x<tool>y", true), ElementsAre("x", "#265", "y"));
}

TEST(SpecialTokens, TheLongestWins) {
  EXPECT_THAT(Cut("<tool><tool><tool>", false), ElementsAre("#266", "#265"));
  EXPECT_THAT(Cut("<tool> <tool><tool>", false), ElementsAre("#265", " ", "#266"));
}

// As in libllama a longer token wins also where a shorter one starts before it.
TEST(SpecialTokens, TheLongestWinsOverTheFirst) {
  Vocabulary v = TinyBpe();
  AddToken(&v, "abc", TokenType::kUserDefined);   // 268
  AddToken(&v, "cdef", TokenType::kUserDefined);  // 269
  EXPECT_THAT(Cut("abcdef abc", false, v), ElementsAre("ab", "#269", " ", "#268"));
}

TEST(SpecialTokens, NearMissesAreText) {
  EXPECT_THAT(Cut("<|im_start|", true), ElementsAre("<|im_start|"));
  EXPECT_THAT(Cut("<<|im_end|>>", true), ElementsAre("<", "#264", ">"));
  EXPECT_THAT(Cut("[PAD267]", true), ElementsAre("[PAD267]"));  // unused tokens are no text
}

// Phi-3's are known by the model's name alone.
TEST(SpecialTokens, Phi3sTakeTheWhiteSpaceBehindThem) {
  Vocabulary v = TinyBpe();
  AddToken(&v, "<s>", TokenType::kControl);  // 268; not this one
  v.model_name = "Phi-3 mini 4k";
  const Result<VocabularyIndex> index = VocabularyIndex::Create(v);
  const SpecialTokens special(*index);
  const std::string text = "<s> <|im_start|>\n \ta <|im_end|>\n";
  const auto cut = special.Cut(text, true);
  ASSERT_EQ(cut.size(), 5u);
  EXPECT_EQ(cut[0].token, 268);
  EXPECT_EQ(text.substr(cut[1].begin, cut[1].end - cut[1].begin), " ");
  EXPECT_EQ(cut[2].token, 263);
  EXPECT_EQ(text.substr(cut[3].begin, cut[3].end - cut[3].begin), "a ");
  EXPECT_EQ(cut[4].token, 264);
}

TEST(SpecialTokens, NothingInAnEmptyText) { EXPECT_TRUE(Cut("", true).empty()); }

}  // namespace
}  // namespace dynsplit
