#include "apps/eval/tasks/frequent_words/frequent_words.h"

#include <algorithm>
#include <map>
#include <sstream>

#include "eval_tasks/needle_fixture.h"

namespace dynsplit::eval {
namespace {

class FrequentWordsTest : public testing::NeedleTaskTest {};

TEST_F(FrequentWordsTest, WellFormed) { ExpectWellFormed(MakeFrequentWords, Options()); }

TEST_F(FrequentWordsTest, TheExpectedWordsComeAfterTheDotsInFrequency) {
  for (const int64_t context_tokens : {512, 3000, 20'000}) {
    auto options = Options();
    options.context_tokens = context_tokens;
    for (const Document& document : Documents(MakeFrequentWords, options)) {
      std::istringstream in(document.text);
      std::map<std::string, int> counts;
      for (std::string word; in >> word;) ++counts[word];
      std::vector<std::pair<int, std::string>> order;
      for (const auto& [word, count] : counts) order.emplace_back(-count, word);
      std::sort(order.begin(), order.end());
      ASSERT_GE(order.size(), 5u);
      EXPECT_EQ(order[0].second, "...");
      EXPECT_THAT(
          document.questions.at(0).expected,
          ::testing::UnorderedElementsAre(order[1].second, order[2].second, order[3].second));
      EXPECT_GT(order[4].first, order[3].first) << "a tie";
      // Ranks 1 and 2 of the zeta distribution with exponent 2.
      EXPECT_NEAR(order[0].first, 4 * order[1].first, 4);
    }
  }
}

TEST_F(FrequentWordsTest, TooShortAText) {
  auto options = Options();
  options.context_tokens = 511;
  EXPECT_EQ(MakeFrequentWords(options, *tokenizer_).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace dynsplit::eval
