#include "model/sentencepiece.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "support/tiny_vocabulary.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TinySentencePiece;

std::vector<int32_t> Encode(const std::string& text, bool prefix_space = false) {
  const Result<VocabularyIndex> index = VocabularyIndex::Create(TinySentencePiece());
  const Result<SentencePiece> model = SentencePiece::Create(*index);
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  std::vector<int32_t> ids;
  model->Encode(text, prefix_space, &ids);
  return ids;
}

TEST(SentencePiece, MergesByScore) {
  EXPECT_THAT(Encode("ab"), ElementsAre(262));
  EXPECT_THAT(Encode("bab"), ElementsAre(264));
  // "ab" twice (-4, the best there is), then "bab" (-3.5) finds no "b" left of an "ab".
  EXPECT_THAT(Encode("abab"), ElementsAre(262, 262));
}

TEST(SentencePiece, SpacesAreMarks) {
  EXPECT_THAT(Encode(" a"), ElementsAre(263));
  EXPECT_THAT(Encode("ab", true), ElementsAre(265));
  EXPECT_THAT(Encode("  a", true), ElementsAre(266, 263));
  EXPECT_THAT(Encode("▁a"), ElementsAre(263));
}

TEST(SentencePiece, OtherBytesFallBack) {
  EXPECT_THAT(Encode("é"), ElementsAre(3 + 0xC3, 3 + 0xA9));
  EXPECT_THAT(Encode("a\xFF"), ElementsAre(260, 3 + 0xFF));
  EXPECT_THAT(Encode("\xE2\x96"), ElementsAre(3 + 0xE2, 3 + 0x96));
  EXPECT_THAT(Encode(std::string("\0", 1)), ElementsAre(3));
}

TEST(SentencePiece, EmptyTextGivesNothingButThePrefix) {
  EXPECT_TRUE(Encode("").empty());
  EXPECT_THAT(Encode("", true), ElementsAre(259));
}

TEST(SentencePiece, ParseByteToken) {
  EXPECT_EQ(SentencePiece::ParseByteToken("<0x00>"), 0);
  EXPECT_EQ(SentencePiece::ParseByteToken("<0xAF>"), 0xAF);
  for (const char* text : {"<0xaf>", "<0xA>", "<0xAG>", "<0xAFF>", "0xAF", ""}) {
    EXPECT_EQ(SentencePiece::ParseByteToken(text), -1) << text;
  }
}

TEST(SentencePiece, ContradictionsAreCorruption) {
  const auto error = [](Vocabulary v) {
    const Result<VocabularyIndex> index = VocabularyIndex::Create(std::move(v));
    EXPECT_TRUE(index.ok()) << index.status().ToString();
    const Result<SentencePiece> model = SentencePiece::Create(*index);
    EXPECT_EQ(model.status().code(), StatusCode::kCorruption);
    return model.status().message();
  };
  Vocabulary v = TinySentencePiece();
  v.scores.clear();
  EXPECT_THAT(error(v), HasSubstr("without scores"));
  v = TinySentencePiece();
  v.tokens[20] = "<0xZZ>";
  EXPECT_THAT(error(v), HasSubstr("byte token 20 is '<0xZZ>'"));
  v = TinySentencePiece();
  v.unk = -1;
  v.tokens[3 + 0x41] = "plain";
  v.types[3 + 0x41] = TokenType::kNormal;
  EXPECT_THAT(error(v), HasSubstr("<0x41>"));
}

TEST(SentencePiece, UnknownTokenStandsForMissingBytes) {
  Vocabulary v = TinySentencePiece();
  v.tokens[3 + 0x41] = "plain";
  v.types[3 + 0x41] = TokenType::kNormal;
  const Result<VocabularyIndex> index = VocabularyIndex::Create(std::move(v));
  const Result<SentencePiece> model = SentencePiece::Create(*index);
  ASSERT_TRUE(model.ok());
  std::vector<int32_t> ids;
  model->Encode("A", false, &ids);
  EXPECT_THAT(ids, ElementsAre(0));
}

TEST(SentencePiece, SpacesEscapeAndBack) {
  EXPECT_EQ(EscapeSpaces(" a b"), "▁a▁b");
  EXPECT_EQ(UnescapeSpaces("▁a▁▁\xE2\x96"), " a  \xE2\x96");
}

TEST(SentencePiece, LongTextIsNotQuadratic) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Encode(std::string(300'000, ' ')).size(), 150'000u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

}  // namespace
}  // namespace dynsplit
