#include "apps/eval/tasks/niah_multikey/niah_multikey.h"

#include <map>

#include "apps/eval/tasks/needles.h"
#include "eval_tasks/needle_fixture.h"

namespace dynsplit::eval {
namespace {

class NiahMultikeyTest : public testing::NeedleTaskTest {};

// {key: value} of every fact in the text; a key that stands there twice ends the test.
std::map<std::string, std::string> FactsOf(const std::string& text) {
  const std::string before = "One of the special magic numbers for ";
  const std::string between = " is: ";
  std::map<std::string, std::string> facts;
  for (size_t at = text.find(before); at != text.npos; at = text.find(before, at + 1)) {
    const size_t key = at + before.size();
    const size_t key_end = text.find(between, key);
    const size_t value = key_end + between.size();
    EXPECT_TRUE(facts
                    .emplace(text.substr(key, key_end - key),
                             text.substr(value, text.find('.', value) - value))
                    .second);
  }
  return facts;
}

std::vector<std::string> PartsOf(const std::string& key) {
  const size_t first = key.find('-');
  const size_t second = key.find('-', first + 1);
  return {key.substr(0, first), key.substr(first + 1, second - first - 1), key.substr(second + 1)};
}

int NumDifferences(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  int count = 0;
  for (size_t i = 0; i < 3; ++i) count += a[i] != b[i];
  return count;
}

TEST_F(NiahMultikeyTest, WellFormed) { ExpectWellFormed(MakeNiahMultikey, Options()); }

TEST_F(NiahMultikeyTest, ThreeOthersDifferFromEachKeyInOneWordOrDigit) {
  for (const Document& document : Documents(MakeNiahMultikey, Options())) {
    const auto facts = FactsOf(document.text);
    EXPECT_EQ(facts.size(), 16u);
    for (const Question& question : document.questions) {
      const std::string before = "number for ";
      const size_t at = question.prompt.find(before) + before.size();
      const std::string key = question.prompt.substr(at, question.prompt.find(' ', at) - at);
      ASSERT_TRUE(facts.contains(key)) << key;
      EXPECT_EQ(facts.at(key), question.expected.at(0));
      ExpectHidden(document, MagicLine(key, question.expected[0]), question.depth);
      int near = 0;
      for (const auto& [other, value] : facts) {
        if (other == key) continue;
        EXPECT_NE(value, question.expected[0]);
        near += NumDifferences(PartsOf(other), PartsOf(key)) == 1;
      }
      EXPECT_EQ(near, 3) << key;
    }
  }
}

TEST_F(NiahMultikeyTest, FewQuestionsHideFewFacts) {
  auto options = Options();
  options.num_questions = 1;
  options.questions_per_document = 12;
  const auto documents = Documents(MakeNiahMultikey, options);
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_EQ(documents[0].questions.size(), 1u);
  EXPECT_EQ(FactsOf(documents[0].text).size(), 4u);
}

TEST_F(NiahMultikeyTest, MoreQuestionsThanThereAreWords) {
  auto options = Options();
  options.num_questions = 81;
  options.questions_per_document = 81;
  EXPECT_EQ(MakeNiahMultikey(options, *tokenizer_).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace dynsplit::eval
