#include "cli/cli_fixture.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;
using ChatCommandTest = CliTest;

const std::vector<std::string> kShort = {"-n",           "6",         "--temp", "1",
                                         "--ignore-eos", "--context", "4096"};

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

TEST_F(ChatCommandTest, AnswersEachLineOfAPipe) {
  const ProcessResult one = Run("chat", kShort, {.input = "hello\n"});
  ASSERT_EQ(one.status, 0) << one.err;
  const ProcessResult two = Run("chat", kShort, {.input = "hello\n\nand again\n"});
  ASSERT_EQ(two.status, 0) << two.err;
  // The second answer comes after the first one, which is as it was.
  EXPECT_GT(two.out.size(), one.out.size());
  EXPECT_EQ(two.out.substr(0, one.out.size()), one.out);
  EXPECT_TRUE(IsUtf8(two.out));
}

// Only a text that is read jointly refuses votes, so the flag arrives.
TEST_F(ChatCommandTest, SelectedPrefillIsUsed) {
  std::vector<std::string> arguments = kShort;
  arguments.insert(arguments.end(), {"--prefill", "selected", "--method", "h2o"});
  const ProcessResult result = Run("chat", arguments, {.input = "hello\n"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("h2o"));
}

TEST_F(ChatCommandTest, ResetForgetsWhatWasSaid) {
  const ProcessResult once = Run("chat", kShort, {.input = "hello\n"});
  const ProcessResult twice = Run("chat", kShort, {.input = "hello\n/reset\nhello\n"});
  EXPECT_EQ(twice.out, once.out + once.out);
  // Without the reset the first turn is still there, and the answer another one.
  const ProcessResult kept = Run("chat", kShort, {.input = "hello\nhello\n"});
  EXPECT_NE(kept.out, once.out + once.out);
}

TEST_F(ChatCommandTest, TextsAreReadBeforeTheFirstQuestionAndKept) {
  const TempFile file("The tower has nine floors.");
  std::vector<std::string> arguments = kShort;
  arguments.insert(arguments.end(), {"-f", file.path()});
  const ProcessResult result =
      Run("chat", arguments, {.input = "/stats\nhello\n/reset\n/stats\nhello\n"});
  ASSERT_EQ(result.status, 0) << result.err;
  const std::vector<std::string> err = Lines(result.err);
  // Both /stats see the same: the texts and no question.
  std::vector<std::string> counts;
  for (const std::string& line : err) {
    if (line.starts_with("tokens")) counts.push_back(line);
  }
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0], counts[1]);
  EXPECT_EQ(result.out.substr(0, result.out.size() / 2), result.out.substr(result.out.size() / 2));
  // And the first question gets the answer that `run` gives.
  std::vector<std::string> run = arguments;
  run.insert(run.end(), {"-p", "hello"});
  EXPECT_EQ(Run("run", run).out + "\n", result.out.substr(0, result.out.size() / 2));
}

TEST_F(ChatCommandTest, SavedSessionsAnswerAsTheOnesThatWereSaved) {
  const TempFile text("The first one, here. And then the other!\n");
  const std::string session = ::testing::TempDir() + "/chat_command.session";
  std::vector<std::string> saving = kShort, loading = kShort;
  saving.insert(saving.end(), {"-f", text.path(), "--save-session", session});
  loading.insert(loading.end(), {"--load-session", session});
  const std::string input = "Which?\n/reset\nWhich?\nAnd then?\n";
  const ProcessResult saved = Run("chat", saving, {.input = input});
  ASSERT_EQ(saved.status, 0) << saved.err;
  const ProcessResult loaded = Run("chat", loading, {.input = input});
  ASSERT_EQ(loaded.status, 0) << loaded.err;
  EXPECT_EQ(loaded.out, saved.out);
  std::remove(session.c_str());
}

TEST_F(ChatCommandTest, ExitEndsIt) {
  const ProcessResult result = Run("chat", kShort, {.input = "/exit\nhello\n"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(Run("chat", kShort, {.input = ""}).status, 0);
}

TEST_F(ChatCommandTest, UnknownCommandFailsAScript) {
  ExpectRefused(Run("chat", kShort, {.input = "/dance\nhello\n"}), 1, "/dance");
}

TEST_F(ChatCommandTest, FullContextIsSaid) {
  ProcessOptions options;
  options.input.assign(100, 'x');
  options.input += "\nhello\n";
  const ProcessResult result = Run("chat", {"-n", "6", "--context", "64"}, options);
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("64"));
}

}  // namespace
}  // namespace dynsplit::testing
