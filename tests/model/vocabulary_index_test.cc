#include "model/vocabulary_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <utility>

#include "support/tiny_vocabulary.h"

namespace dynsplit {
namespace {

using ::testing::HasSubstr;
using testing::TinyBpe;
using testing::TinySentencePiece;

TEST(VocabularyIndex, FindsTokensByText) {
  const Result<VocabularyIndex> index = VocabularyIndex::Create(TinyBpe());
  ASSERT_TRUE(index.ok()) << index.status().ToString();
  EXPECT_EQ(index->size(), 268);
  EXPECT_EQ(index->Find("hello"), 259);
  EXPECT_EQ(index->Find("Ġwo"), 261);
  EXPECT_EQ(index->Find("nothing"), -1);
  EXPECT_EQ(index->Find(""), -1);
  EXPECT_EQ(index->Text(256), "he");
  EXPECT_TRUE(index->Contains(267));
  EXPECT_FALSE(index->Contains(268));
  EXPECT_FALSE(index->Contains(-1));
}

TEST(VocabularyIndex, MovesWithItsTexts) {
  VocabularyIndex index = *VocabularyIndex::Create(TinyBpe());
  const VocabularyIndex moved = std::move(index);
  EXPECT_EQ(moved.Find("hello"), 259);
}

TEST(VocabularyIndex, KnownNamesAreControlTokensThatEnd) {
  Vocabulary v = TinyBpe();
  v.types[264] = TokenType::kNormal;  // <|im_end|>, as some files have it
  v.eos = 12;
  const Result<VocabularyIndex> index = VocabularyIndex::Create(std::move(v));
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(index->Type(264), TokenType::kControl);
  EXPECT_TRUE(index->IsEndOfGeneration(264));
  EXPECT_TRUE(index->IsEndOfGeneration(12));
  EXPECT_FALSE(index->IsEndOfGeneration(263));
}

TEST(VocabularyIndex, MissingTypesAreNormalAndMissingScoresZero) {
  Vocabulary v = TinyBpe();
  v.types.clear();
  const Result<VocabularyIndex> index = VocabularyIndex::Create(std::move(v));
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(index->Type(5), TokenType::kNormal);
  EXPECT_EQ(index->Score(5), 0);
}

TEST(VocabularyIndex, SeveralEmptyTextsAreNoDuplicates) {
  Vocabulary v = TinyBpe();
  v.tokens[10] = v.tokens[11] = "";
  EXPECT_TRUE(VocabularyIndex::Create(std::move(v)).ok());
}

TEST(VocabularyIndex, ContradictionsAreCorruption) {
  const struct {
    const char* message;
    std::function<void(Vocabulary*)> spoil;
  } cases[] = {
      {"no tokens", [](Vocabulary* v) { *v = {}; }},
      {"scores for", [](Vocabulary* v) { v->scores.pop_back(); }},
      {"types for", [](Vocabulary* v) { v->types.push_back(TokenType::kNormal); }},
      {"not finite", [](Vocabulary* v) { v->scores[7] = std::nanf(""); }},
      {"type 9", [](Vocabulary* v) { v->types[3] = static_cast<TokenType>(9); }},
      {"type -1", [](Vocabulary* v) { v->types[3] = static_cast<TokenType>(-1); }},
      {"bos token is 5000", [](Vocabulary* v) { v->bos = 5000; }},
      {"eos token is -2", [](Vocabulary* v) { v->eos = -2; }},
      {"eot token is 268", [](Vocabulary* v) { v->eot = 268; }},
      {"eom token", [](Vocabulary* v) { v->eom = 4294967295; }},
      {"unknown token", [](Vocabulary* v) { v->unk = 268; }},
      {"padding token", [](Vocabulary* v) { v->pad = 268; }},
      {"tokens 260 and 265", [](Vocabulary* v) { v->tokens[265] = "a"; }},
      {"no bos", [](Vocabulary* v) { v->add_bos = 1, v->bos = -1; }},
      {"no eos", [](Vocabulary* v) { v->add_eos = 1, v->eos = -1; }},
  };
  for (const auto& c : cases) {
    Vocabulary v = TinySentencePiece();
    c.spoil(&v);
    const Result<VocabularyIndex> index = VocabularyIndex::Create(std::move(v));
    ASSERT_FALSE(index.ok()) << c.message;
    EXPECT_EQ(index.status().code(), StatusCode::kCorruption) << c.message;
    EXPECT_THAT(index.status().message(), HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace dynsplit
