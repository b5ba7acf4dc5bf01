#include "apps/eval/tasks/niah_multivalue/niah_multivalue.h"

#include "apps/eval/tasks/needles.h"
#include "eval_tasks/needle_fixture.h"

namespace dynsplit::eval {
namespace {

class NiahMultivalueTest : public testing::NeedleTaskTest {};

TEST_F(NiahMultivalueTest, WellFormed) { ExpectWellFormed(MakeNiahMultivalue, Options()); }

TEST_F(NiahMultivalueTest, FourFactsOfTheKeyAskedFor) {
  for (const Document& document : Documents(MakeNiahMultivalue, Options())) {
    for (const Question& question : document.questions) {
      const std::string before = "numbers for ";
      const size_t at = question.prompt.find(before) + before.size();
      const std::string key = question.prompt.substr(at, question.prompt.find(' ', at) - at);
      EXPECT_EQ(testing::CountOf(document.text, key), 4u);
      ASSERT_EQ(question.expected.size(), 4u);
      for (const std::string& value : question.expected) {
        ExpectHidden(document, MagicLine(key, value), -1);
        EXPECT_EQ(testing::CountOf(document.text, value), 1u);
      }
    }
  }
}

}  // namespace
}  // namespace dynsplit::eval
