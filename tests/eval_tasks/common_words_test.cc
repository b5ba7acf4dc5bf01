#include "apps/eval/tasks/common_words/common_words.h"

#include <map>
#include <sstream>

#include "eval_tasks/needle_fixture.h"

namespace dynsplit::eval {
namespace {

class CommonWordsTest : public testing::NeedleTaskTest {
 protected:
  // How often each word stands in "1. amber 2. falcon ...", whose numbers are checked.
  static std::map<std::string, int> CountsOf(const std::string& list) {
    std::istringstream in(list);
    std::map<std::string, int> counts;
    int wanted = 1;
    for (std::string number, word; in >> number >> word; ++wanted) {
      EXPECT_EQ(number, std::to_string(wanted) + ".");
      ++counts[word];
    }
    return counts;
  }

  void ExpectCounts(int64_t context_tokens, int common, int uncommon) const {
    auto options = Options();
    options.context_tokens = context_tokens;
    options.num_questions = 2;
    for (const Document& document : Documents(MakeCommonWords, options)) {
      EXPECT_EQ(document.kind, "words");
      ASSERT_EQ(document.questions.size(), 1u);
      const auto& expected = document.questions[0].expected;
      ASSERT_EQ(expected.size(), 10u);
      auto counts = CountsOf(document.text);
      for (const std::string& word : expected) {
        EXPECT_EQ(counts[word], common) << word;
        counts.erase(word);
      }
      EXPECT_GE(counts.size(), 20u);
      for (const auto& [word, count] : counts) EXPECT_EQ(count, uncommon) << word;
    }
  }
};

TEST_F(CommonWordsTest, WellFormed) { ExpectWellFormed(MakeCommonWords, Options()); }

TEST_F(CommonWordsTest, TheExpectedWordsAreTheMostCommon) {
  ExpectCounts(2000, 6, 1);
  ExpectCounts(12'000, 30, 3);
  ExpectCounts(40'000, 60, 6);  // more items than three times the words
}

TEST_F(CommonWordsTest, TheExampleHasTenWordsOfItsOwnThreeTimes) {
  for (const Document& document : Documents(MakeCommonWords, Options())) {
    const size_t begin = document.instructions.find("\n\n1. ") + 2;
    const size_t end = document.instructions.find("\n\n", begin);
    auto counts = CountsOf(document.instructions.substr(begin, end - begin));
    EXPECT_EQ(counts.size(), 20u);
    int common = 0;
    for (const auto& [word, count] : counts) common += count == 3;
    EXPECT_EQ(common, 10);
  }
}

TEST_F(CommonWordsTest, TooShortAList) {
  auto options = Options();
  options.context_tokens = 100;
  EXPECT_EQ(MakeCommonWords(options, *tokenizer_).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace dynsplit::eval
