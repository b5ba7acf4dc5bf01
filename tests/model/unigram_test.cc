#include "model/unigram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "support/tiny_vocabulary.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TinyUnigram;

std::vector<int32_t> Encode(const std::string& text, Vocabulary vocabulary = TinyUnigram()) {
  const Result<VocabularyIndex> index = VocabularyIndex::Create(std::move(vocabulary));
  const Result<Unigram> model = Unigram::Create(*index);
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  std::vector<int32_t> ids;
  const Status status = model->Encode(text, &ids);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return ids;
}

TEST(Unigram, TakesTheLikeliestWay) {
  EXPECT_THAT(Encode("ab"), ElementsAre(6));        // -5, not -6
  EXPECT_THAT(Encode("aba"), ElementsAre(7));       // -7.5, not -8
  EXPECT_THAT(Encode("abab"), ElementsAre(6, 6));   // -10, not -10.5
  EXPECT_THAT(Encode("ab ab"), ElementsAre(6, 8));  // -11, not -14
}

TEST(Unigram, UnknownCharactersAreOneToken) {
  EXPECT_THAT(Encode("axyzb"), ElementsAre(4, 2, 5));
  EXPECT_THAT(Encode("中文a"), ElementsAre(2, 4));
  EXPECT_THAT(Encode("a\xFF\xFE"), ElementsAre(4, 2));
  EXPECT_THAT(Encode("éx"), ElementsAre(10, 2));
}

TEST(Unigram, UserDefinedPiecesAreFree) { EXPECT_THAT(Encode("a<tag>"), ElementsAre(4, 9)); }

TEST(Unigram, SpacesAsTheFileSays) {
  EXPECT_THAT(Encode("a  b"), ElementsAre(4, 3, 3, 5));
  Vocabulary v = TinyUnigram();
  v.add_space_prefix = 1;
  EXPECT_THAT(Encode("ab", v), ElementsAre(8));
  EXPECT_THAT(Encode(" ab", v), ElementsAre(3, 8));
  v.merge_spaces = 1;
  EXPECT_THAT(Encode("  ab   ab ", v), ElementsAre(8, 8));
  EXPECT_TRUE(Encode("   ", v).empty());
}

TEST(Unigram, EmptyTextGivesNothing) { EXPECT_TRUE(Encode("").empty()); }

TEST(Unigram, ContradictionsAreCorruption) {
  const auto error = [](Vocabulary v) {
    const Result<VocabularyIndex> index = VocabularyIndex::Create(std::move(v));
    const Result<Unigram> model = Unigram::Create(*index);
    EXPECT_EQ(model.status().code(), StatusCode::kCorruption);
    return model.status().message();
  };
  Vocabulary v = TinyUnigram();
  v.scores.clear();
  EXPECT_THAT(error(v), HasSubstr("without scores"));
  v = TinyUnigram();
  v.unk = -1;
  EXPECT_THAT(error(v), HasSubstr("unknown token"));
  v = TinyUnigram();
  v.charsmap = {1};
  EXPECT_THAT(error(v), HasSubstr("precompiled_charsmap"));
}

TEST(Unigram, LongTextIsNotQuadratic) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Encode(std::string(300'000, 'a')).size(), 300'000u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

}  // namespace
}  // namespace dynsplit
