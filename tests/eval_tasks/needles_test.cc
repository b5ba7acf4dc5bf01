#include "apps/eval/tasks/needles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "eval_tasks/needle_fixture.h"

namespace dynsplit::eval {
namespace {

using ::testing::HasSubstr;

TEST(MagicKeysTest, AllDifferAndTheFirstShareNoWord) {
  Rng rng(1);
  const auto keys = MagicKeys(2000, &rng);
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), 2000u);
  std::set<std::string> words;
  for (size_t i = 0; i < 150; ++i) {
    const size_t hyphen = keys[i].find('-');
    EXPECT_TRUE(words.insert(keys[i].substr(0, hyphen)).second) << keys[i];
    EXPECT_TRUE(words.insert(keys[i].substr(hyphen + 1)).second) << keys[i];
  }
}

TEST(DistinctNumbersTest, AllDifferWithSoManyDigits) {
  Rng rng(1);
  const auto numbers = DistinctNumbers(40, 2, &rng);
  EXPECT_EQ(std::set<std::string>(numbers.begin(), numbers.end()).size(), 40u);
  for (const std::string& number : numbers) EXPECT_EQ(number.size(), 2u);
  for (const std::string& value : MagicValues(50, &rng)) EXPECT_EQ(value.size(), 7u);
}

TEST(SpreadEvenlyTest, EveryPlaceOnceInARandomOrder) {
  Rng rng(1);
  std::vector<Needle> needles(50);
  SpreadEvenly(&needles, &rng);
  std::vector<double> depths;
  for (const Needle& needle : needles) depths.push_back(needle.depth);
  EXPECT_FALSE(std::is_sorted(depths.begin(), depths.end()));
  std::sort(depths.begin(), depths.end());
  for (size_t i = 0; i < 50; ++i) EXPECT_DOUBLE_EQ(depths[i], (static_cast<double>(i) + 0.5) / 50);
}

TEST(QuestionDepthTest, GivenDepthsInTurnElseEvenWithinTheDocument) {
  TaskOptions given;
  given.depths = {0.1, 0.5, 0.9};
  EXPECT_EQ(QuestionDepth(given, 0), 0.1);
  EXPECT_EQ(QuestionDepth(given, 2), 0.9);
  EXPECT_EQ(QuestionDepth(given, 3), 0.1);
  TaskOptions even;
  even.questions_per_document = 4;
  EXPECT_EQ(QuestionDepth(even, 0), 0.125);
  EXPECT_EQ(QuestionDepth(even, 5), 0.375);
  even.num_questions = 1;
  EXPECT_EQ(QuestionDepth(even, 0), 0.5);
}

TEST(AskForAllTest, EnumeratesTheKeys) {
  EXPECT_THAT(AskForAll(0, {"a"}, {"1"}).prompt, HasSubstr("numbers for a mentioned"));
  const Question question = AskForAll(3, {"a", "b", "c"}, {"1", "2", "3"});
  EXPECT_EQ(question.id, "q3");
  EXPECT_THAT(question.prompt, HasSubstr("numbers for a, b, and c mentioned"));
  EXPECT_THAT(question.answer_prefix, HasSubstr("numbers for a, b, and c mentioned"));
  EXPECT_EQ(question.depth, -1);
}

class HideNeedlesTest : public testing::NeedleTaskTest {};

TEST_F(HideNeedlesTest, AtTheEndsAndInBetween) {
  const HaystackText prose = {"prose", "", SplitParagraphs(testing::NumberedProse(400))};
  const auto text =
      HideNeedles(prose, 0, {{"LAST", 1}, {"FIRST", 0}, {"MIDDLE", 0.5}}, Options(), *tokenizer_);
  ASSERT_TRUE(text.ok()) << text.status().ToString();
  EXPECT_THAT(*text, ::testing::StartsWith("FIRST\n\nParagraph "));
  EXPECT_THAT(*text, ::testing::EndsWith(".\n\nLAST\n\n"));
  EXPECT_NEAR(static_cast<double>(text->find("MIDDLE")) / static_cast<double>(text->size()), 0.5,
              0.01);
}

TEST_F(HideNeedlesTest, InCodeACommentAsFarInAsTheNextLine) {
  const HaystackText code = {"code", "# ", {"def f():", "    return 1\n    # end"}};
  TaskOptions options;
  for (options.context_tokens = 40; options.context_tokens < 90; ++options.context_tokens) {
    const auto text = HideNeedles(code, 0, {{"FACT", 0.5}}, options, *tokenizer_);
    if (!text.ok()) continue;  // these two paragraphs have only a few lengths
    EXPECT_THAT(*text, ::testing::AnyOf("def f():\n\n    # FACT\n\n    return 1\n    # end\n\n",
                                        "    return 1\n    # end\n\n# FACT\n\ndef f():\n\n"));
    return;
  }
  FAIL() << "no length fits";
}

TEST_F(HideNeedlesTest, TooManyFactsForTheText) {
  const HaystackText prose = {"prose", "", SplitParagraphs(testing::NumberedProse(400))};
  auto options = Options();
  options.context_tokens = 1000;
  const std::vector<Needle> needles(10, {std::string(60, 'x'), 0.5});
  const auto text = HideNeedles(prose, 0, needles, options, *tokenizer_);
  EXPECT_EQ(text.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(text.status().message(), HasSubstr("620 tokens"));
}

TEST_F(HideNeedlesTest, ProseAndCodeInTurnFromThePackages) {
  auto options = Options();
  options.haystack.clear();
  const NeedleTask task = {"test", "Read.", 4, [](int first_question, Rng*) {
                             NeedlePlan plan;
                             plan.needles.push_back({"FACT " + std::to_string(first_question), .5});
                             return plan;
                           }};
  const auto documents = MakeNeedleDocuments(task, options, *tokenizer_);
  if (documents.status().code() == StatusCode::kNotFound) {
    GTEST_SKIP() << documents.status().ToString();
  }
  ASSERT_TRUE(documents.ok()) << documents.status().ToString();
  ASSERT_EQ(documents->size(), 2u);
  EXPECT_EQ((*documents)[0].id, "prose-s1-d0");
  EXPECT_THAT((*documents)[0].text, HasSubstr("\n\nFACT 0\n\n"));
  EXPECT_EQ((*documents)[1].id, "code-s1-d1");
  EXPECT_THAT((*documents)[1].text, HasSubstr("# FACT 4\n\n"));
}

TEST_F(HideNeedlesTest, ADepthOutsideTheText) {
  auto options = Options();
  options.depths = {0.5, 1.5};
  const NeedleTask task = {"test", "", 1, [](int, Rng*) { return NeedlePlan(); }};
  EXPECT_EQ(MakeNeedleDocuments(task, options, *tokenizer_).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace dynsplit::eval
