#include "apps/eval/tasks/niah_single/niah_single.h"

#include "apps/eval/tasks/needles.h"
#include "eval_tasks/needle_fixture.h"

namespace dynsplit::eval {
namespace {

class NiahSingleTest : public testing::NeedleTaskTest {};

// The key that a question asks for.
std::string KeyOf(const Question& question) {
  const std::string before = "number for ";
  const size_t at = question.prompt.find(before) + before.size();
  return question.prompt.substr(at, question.prompt.find(' ', at) - at);
}

TEST_F(NiahSingleTest, WellFormed) { ExpectWellFormed(MakeNiahSingle, Options()); }

TEST_F(NiahSingleTest, EachFactStandsWhereItIsSaidToBe) {
  for (const Document& document : Documents(MakeNiahSingle, Options())) {
    ASSERT_EQ(document.questions.size(), 4u);
    for (size_t i = 0; i < 4; ++i) {
      const Question& question = document.questions[i];
      EXPECT_EQ(question.depth, (static_cast<double>(i) + 0.5) / 4);
      const std::string key = KeyOf(question);
      ASSERT_EQ(question.expected.size(), 1u);
      ExpectHidden(document, MagicLine(key, question.expected[0]), question.depth);
      EXPECT_EQ(testing::CountOf(document.text, key), 1u);
      EXPECT_EQ(testing::CountOf(document.text, question.expected[0]), 1u);
    }
  }
}

TEST_F(NiahSingleTest, GivenDepthsInTurnOverTheDocuments) {
  auto options = Options();
  options.depths = {0, 0.3, 1};
  size_t count = 0;
  for (const Document& document : Documents(MakeNiahSingle, options)) {
    for (const Question& question : document.questions) {
      EXPECT_EQ(question.depth, options.depths[count++ % 3]);
    }
  }
  EXPECT_EQ(count, 8u);
}

}  // namespace
}  // namespace dynsplit::eval
