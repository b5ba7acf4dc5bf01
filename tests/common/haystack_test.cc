#include "apps/common/haystack.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "common/bpe_tokenizer.h"

namespace dynsplit {
namespace {

std::string Prose(int paragraphs) {
  std::string text;
  for (int i = 0; i < paragraphs; ++i) text += "Paragraph " + std::to_string(i) + " ends.\n\n";
  return text;
}

TEST(MagicNumbersTest, DifferentCitiesDifferentNumbersSameSeed) {
  const auto facts = MagicNumbers(16, 3);
  std::set<std::string> cues;
  std::set<std::string> answers;
  for (const HiddenFact& fact : facts) {
    cues.insert(fact.cue);
    answers.insert(fact.answer);
    EXPECT_EQ(fact.answer.size(), 5u);
  }
  EXPECT_EQ(cues.size(), 16u);
  EXPECT_EQ(answers.size(), 16u);
  EXPECT_EQ(MagicNumbers(16, 3)[7].answer, facts[7].answer);
  EXPECT_NE(MagicNumbers(16, 4)[7].answer, facts[7].answer);
}

TEST(HideFactsTest, FactsStandAsParagraphsAtEvenDistances) {
  const auto tokenizer = testing::BpeTokenizer();
  const auto facts = MagicNumbers(4, 1);
  const auto hay = HideFacts(Prose(40), facts, 600, *tokenizer);
  ASSERT_TRUE(hay.ok()) << hay.status().ToString();
  EXPECT_GE(hay->num_tokens, 600);
  EXPECT_EQ(hay->num_tokens,
            static_cast<int64_t>(tokenizer->Encode(hay->text, {.add_special = false})->size()));
  size_t last = 0;
  ASSERT_EQ(hay->depths.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    const size_t at = hay->text.find("\n\n" + facts[i].Sentence() + "\n\n");
    ASSERT_NE(at, std::string::npos) << i;
    EXPECT_GT(at, last);
    last = at;
    EXPECT_NEAR(hay->depths[i], (static_cast<double>(i) + 0.5) / 4, 0.04);
  }
  EXPECT_TRUE(hay->text.ends_with("\n\n"));
}

TEST(HideFactsTest, MoreFactsThanParagraphs) {
  const auto hay = HideFacts("One.\n\nTwo.\n", MagicNumbers(5, 1), 5, *testing::BpeTokenizer());
  ASSERT_TRUE(hay.ok());
  for (const HiddenFact& fact : hay->facts) {
    EXPECT_NE(hay->text.find(fact.Sentence()), std::string::npos);
  }
  EXPECT_EQ(hay->depths.size(), 5u);
}

TEST(HideFactsTest, ShortProseSaysBothLengths) {
  const auto hay = HideFacts("One.\n\n", {}, 1000, *testing::BpeTokenizer());
  EXPECT_EQ(hay.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(hay.status().message().find("1000"), std::string::npos);
}

TEST(GivesAnswerTest, OnlyAsAWordOfItsOwn) {
  const HiddenFact fact = {"The number is:", "48213", ""};
  EXPECT_TRUE(GivesAnswer(" 48213.", fact));
  EXPECT_TRUE(GivesAnswer("48213", fact));
  EXPECT_TRUE(GivesAnswer("1482130 or 48213", fact));
  EXPECT_FALSE(GivesAnswer("482130", fact));
  EXPECT_FALSE(GivesAnswer("a48213", fact));
  EXPECT_FALSE(GivesAnswer("", fact));
}

TEST(StoryFactsTest, NoAnswerIsInAnotherFact) {
  const auto facts = StoryFacts();
  for (const HiddenFact& fact : facts) {
    int count = 0;
    for (const HiddenFact& other : facts) count += GivesAnswer(other.Sentence(), fact);
    EXPECT_EQ(count, 1) << fact.answer;
  }
}

}  // namespace
}  // namespace dynsplit
