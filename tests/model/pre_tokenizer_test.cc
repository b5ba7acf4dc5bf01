#include "model/pre_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Words(const std::string& scheme, const std::string& text) {
  const Result<PreTokenizer> pre_tokenizer = PreTokenizer::Create(scheme);
  EXPECT_TRUE(pre_tokenizer.ok()) << pre_tokenizer.status().ToString();
  const Result<std::vector<size_t>> ends = pre_tokenizer->Split(text);
  EXPECT_TRUE(ends.ok()) << ends.status().ToString();
  std::vector<std::string> words;
  size_t begin = 0;
  for (const size_t end : *ends) {
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  EXPECT_EQ(begin, text.size());
  return words;
}

TEST(PreTokenizer, Gpt2) {
  EXPECT_THAT(Words("gpt-2", "It's  1234 o'clock!\n\n x "),
              ElementsAre("It", "'s", " ", " 1234", " o", "'", "clock", "!", "\n\n", " x", " "));
}

TEST(PreTokenizer, SmolLmSplitsDigitsOneByOne) {
  EXPECT_THAT(Words("smollm", "in 2024,  7"),
              ElementsAre("in", " ", "2", "0", "2", "4", ",", "  ", "7"));
}

TEST(PreTokenizer, Qwen2) {
  EXPECT_THAT(
      Words("qwen2", "WE'LL see\t(x)\r\n  12 \n\n y"),
      ElementsAre("WE", "'LL", " see", "\t", "(x", ")\r\n", " ", " ", "1", "2", " \n\n", " y"));
}

TEST(PreTokenizer, Llama3SplitsDigitsByThree) {
  EXPECT_THAT(Words("llama-bpe", "1234567 a"), ElementsAre("123", "456", "7", " a"));
}

TEST(PreTokenizer, TekkenSplitsAtTheStepToUpperCase) {
  EXPECT_THAT(Words("tekken", "camelCaseABCdef/\n12"),
              ElementsAre("camel", "Case", "ABCdef", "/\n", "1", "2"));
  // Case is told of ASCII alone: other letters may go with either.
  EXPECT_THAT(Words("tekken", "aÄbÄC"), ElementsAre("aÄbÄ", "C"));
}

TEST(PreTokenizer, Gpt4oKeepsContractionsWithTheirWord) {
  EXPECT_THAT(Words("gpt-4o", "It's fooBar'LL 12345"),
              ElementsAre("It's", " foo", "Bar'LL", " ", "123", "45"));
}

TEST(PreTokenizer, Falcon) {
  EXPECT_THAT(Words("falcon", "a`=b 12345"), ElementsAre("a", "`=", "b", " ", "123", "45"));
}

TEST(PreTokenizer, DeepSeek) {
  EXPECT_THAT(Words("deepseek-llm", "Hi there,\n中文123  "),
              ElementsAre("Hi", " there", ",", "\n", "中文", "123", "  "));
  EXPECT_THAT(Words("deepseek-coder", "f(x1)"), ElementsAre("f", "(", "x", "1", ")"));
  EXPECT_THAT(Words("deepseek-v3", "x.append 1234中a\u0301"),
              ElementsAre("x", ".append", " ", "123", "4", "中", "a\u0301"));
}

TEST(PreTokenizer, DefaultRunsFourSteps) {
  EXPECT_THAT(Words("default", "a==b 12345?"), ElementsAre("a", "==", "b", " ", "123", "45", "?"));
}

TEST(PreTokenizer, LettersYoungerThanPcre2) {
  EXPECT_THAT(Words("qwen2", "-\U00031350\U00031351 x"),
              ElementsAre("-\U00031350\U00031351", " x"));
}

// U+180E is a format character; PCRE2's own \s counts it among the spaces.
TEST(PreTokenizer, MongolianVowelSeparatorIsNoSpace) {
  EXPECT_THAT(Words("gpt-2", "!\u180E!"), ElementsAre("!\u180E!"));
}

// U+017F folds to "s", but the vocabularies' contractions are plain letters.
TEST(PreTokenizer, LongSIsNoContraction) {
  EXPECT_THAT(Words("qwen2", "it'\u017F"), ElementsAre("it", "'\u017F"));
}

TEST(PreTokenizer, EmptyTextHasNoWords) { EXPECT_TRUE(Words("qwen2", "").empty()); }

TEST(PreTokenizer, LongRunsAreOneWord) {
  for (const char* scheme : {"gpt-2", "qwen2", "llama-bpe", "tekken", "gpt-4o", "deepseek-v3"}) {
    EXPECT_EQ(Words(scheme, std::string(1'000'000, ' ')).size(), 1u);
    EXPECT_EQ(Words(scheme, std::string(1'000'000, 'a')).size(), 1u);
    EXPECT_EQ(Words(scheme, std::string(1'000'000, 'A')).size(), 1u);
    EXPECT_EQ(Words(scheme, std::string(1'000'000, '=')).size(), 1u);
  }
}

TEST(PreTokenizer, UnknownNameIsUnsupported) {
  const Result<PreTokenizer> pre_tokenizer = PreTokenizer::Create("martian");
  ASSERT_FALSE(pre_tokenizer.ok());
  EXPECT_EQ(pre_tokenizer.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(pre_tokenizer.status().message(), HasSubstr("'martian'"));
  EXPECT_THAT(pre_tokenizer.status().message(), HasSubstr("qwen2"));
}

TEST(PreTokenizer, SettingsOfSchemes) {
  EXPECT_TRUE(PreTokenizer::Create("llama-bpe")->ignore_merges());
  EXPECT_TRUE(PreTokenizer::Create("llama-bpe")->adds_bos());
  EXPECT_FALSE(PreTokenizer::Create("smollm")->ignore_merges());
  EXPECT_FALSE(PreTokenizer::Create("smollm")->adds_bos());
}

}  // namespace
}  // namespace dynsplit
