#include "apps/eval/tasks/niah_multiquery/niah_multiquery.h"

#include <sstream>

#include "apps/eval/tasks/needles.h"
#include "eval_tasks/needle_fixture.h"

namespace dynsplit::eval {
namespace {

class NiahMultiqueryTest : public testing::NeedleTaskTest {};

// "What are all the special magic numbers for a, b, c, and d mentioned ...".
std::vector<std::string> KeysOf(const Question& question) {
  const std::string before = "numbers for ";
  const size_t at = question.prompt.find(before) + before.size();
  std::istringstream words(question.prompt.substr(at, question.prompt.find(" mentioned") - at));
  std::vector<std::string> keys;
  for (std::string word; words >> word;) {
    if (word == "and") continue;
    if (word.ends_with(',')) word.pop_back();
    keys.push_back(word);
  }
  return keys;
}

TEST_F(NiahMultiqueryTest, WellFormed) { ExpectWellFormed(MakeNiahMultiquery, Options()); }

TEST_F(NiahMultiqueryTest, OneFactForEachOfFourKeys) {
  for (const Document& document : Documents(MakeNiahMultiquery, Options())) {
    std::set<std::string> asked;
    for (const Question& question : document.questions) {
      const auto keys = KeysOf(question);
      ASSERT_EQ(keys.size(), 4u) << question.prompt;
      ASSERT_EQ(question.expected.size(), 4u);
      for (size_t i = 0; i < 4; ++i) {
        EXPECT_TRUE(asked.insert(keys[i]).second) << keys[i];
        EXPECT_EQ(testing::CountOf(document.text, keys[i]), 1u);
        ExpectHidden(document, MagicLine(keys[i], question.expected[i]), -1);
      }
    }
  }
}

}  // namespace
}  // namespace dynsplit::eval
