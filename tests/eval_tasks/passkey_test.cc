#include "apps/eval/tasks/passkey/passkey.h"

#include "eval_tasks/needle_fixture.h"

namespace dynsplit::eval {
namespace {

class PasskeyTest : public testing::NeedleTaskTest {};

TEST_F(PasskeyTest, WellFormed) { ExpectWellFormed(MakePasskey, Options()); }

TEST_F(PasskeyTest, EachKeyStandsAtItsDepth) {
  auto options = Options();
  for (const std::vector<double>& depths : {std::vector<double>{}, {0, 0.35, 0.8, 1}}) {
    options.depths = depths;
    for (const Document& document : Documents(MakePasskey, options)) {
      for (size_t i = 0; i < 4; ++i) {
        const Question& question = document.questions.at(i);
        EXPECT_EQ(question.depth, depths.empty() ? (static_cast<double>(i) + 0.5) / 4 : depths[i]);
        const std::string before = "What is the ";
        ASSERT_THAT(question.prompt, ::testing::StartsWith(before));
        const std::string what = question.prompt.substr(
            before.size(), question.prompt.size() - before.size() - 1);  // without "?"
        const std::string& number = question.expected.at(0);
        EXPECT_EQ(number.size(), 5u);
        const std::string line =
            "The " + what + " is " + number + ". Remember it. " + number + " is the " + what + ".";
        // A needle at the end starts its own length before it.
        const double length =
            static_cast<double>(line.size() + 4) / static_cast<double>(document.text.size());
        ExpectHidden(document, line, std::min(question.depth, 1 - length));
        EXPECT_EQ(testing::CountOf(document.text, number), 2u);
      }
    }
  }
}

}  // namespace
}  // namespace dynsplit::eval
