#include "apps/eval/tasks/variable_tracking/variable_tracking.h"

#include "eval_tasks/needle_fixture.h"

namespace dynsplit::eval {
namespace {

using testing::CountOf;

class VariableTrackingTest : public testing::NeedleTaskTest {};

TEST_F(VariableTrackingTest, WellFormed) { ExpectWellFormed(MakeVariableTracking, Options()); }

TEST_F(VariableTrackingTest, EachChainStandsInItsOrder) {
  for (const Document& document : Documents(MakeVariableTracking, Options())) {
    EXPECT_EQ(document.questions.size(), 4u);
    EXPECT_EQ(CountOf(document.text, "VAR "), 6u * (1 + 4 * 2));  // two chains are not asked for
    std::set<std::string> names;
    for (const Question& question : document.questions) {
      ASSERT_EQ(question.expected.size(), 5u);
      const std::string before = "the value ";
      const std::string value = question.prompt.substr(question.prompt.find(before) + 10, 5);
      std::string from = value;
      size_t last = 0;
      for (const std::string& name : question.expected) {
        EXPECT_TRUE(names.insert(name).second) << name;
        const std::string line = "VAR " + name + " = " + from;
        ExpectHidden(document, line, -1);
        EXPECT_GE(document.text.find(line), last);
        last = document.text.find(line);
        from = "VAR " + name;
      }
      EXPECT_EQ(CountOf(document.text, value), 1u);
      // The example before the text must not answer the question.
      for (const std::string& name : question.expected) {
        EXPECT_EQ(CountOf(document.instructions, name), 0u);
      }
    }
  }
}

TEST_F(VariableTrackingTest, AtMostFourChainsOfADocumentAreAskedFor) {
  auto options = Options();
  options.questions_per_document = 12;
  const auto documents = Documents(MakeVariableTracking, options);
  ASSERT_EQ(documents.size(), 2u);
  EXPECT_EQ(documents[1].questions.size(), 4u);
}

}  // namespace
}  // namespace dynsplit::eval
