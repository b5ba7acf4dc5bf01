// SIGINT while a prompt is read and while an answer is written.
#include <signal.h>

#include <nlohmann/json.hpp>

#include "cli/cli_fixture.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;
using InterruptTest = CliTest;

// Minutes of reading, even for a tiny model.
const TempFile& LongText() {
  static const TempFile* file = [] {
    std::string text;
    while (text.size() < 400000) text += "All that was said on that day, and more, stands here. ";
    return new TempFile(text);
  }();
  return *file;
}

std::vector<std::string> ReadLong(const std::string& model, const std::string& command) {
  return DynsplitCommand({command, "-m", model, "-f", LongText().path(), "--progress"});
}

TEST_F(InterruptTest, InPrefill) {
  std::vector<std::string> command = ReadLong(ModelPath(), "run");
  command.insert(command.end(), {"--raw", "--context", "1000000", "--json"});
  Process process(command);
  ASSERT_TRUE(process.WaitForErr("reading: ")) << process.err();
  process.Signal(SIGINT);
  EXPECT_EQ(process.Finish(), 130);
  const auto report = nlohmann::json::parse(process.out());
  EXPECT_EQ(report["stop_reason"], "cancelled");
  EXPECT_EQ(report["tokens"], 0);
  EXPECT_EQ(report["text"], "");
  EXPECT_GT(report["prompt_tokens"], 10000);
  EXPECT_GT(report["kv_bytes_total"], 0);
  EXPECT_THAT(process.err(), HasSubstr("cancelled"));
  EXPECT_THAT(process.err(), HasSubstr(" of " + report["prompt_tokens"].dump() + " tokens in "));
}

TEST_F(InterruptTest, InDecodeKeepsWhatWasWritten) {
  Process process(DynsplitCommand({"run", "-m", ModelPath(), "--raw", "-p", "hello", "-n",
                                   "100000000", "--context", "100000000", "--threads", "1"}));
  ASSERT_TRUE(process.WaitForOut()) << process.err();
  process.Signal(SIGINT);
  EXPECT_EQ(process.Finish(), 130);
  EXPECT_TRUE(IsUtf8(process.out()));
  EXPECT_THAT(process.err(), HasSubstr("ended by"));
  EXPECT_THAT(process.err(), HasSubstr("cancelled"));
}

TEST_F(InterruptTest, InSplit) {
  std::vector<std::string> command = ReadLong(ModelPath(), "split");
  command.insert(command.end(), {"--context", "1000000"});
  Process process(command);
  ASSERT_TRUE(process.WaitForErr("reading: ")) << process.err();
  process.Signal(SIGINT);
  EXPECT_EQ(process.Finish(), 130);
  EXPECT_EQ(process.out(), "");
}

TEST_F(InterruptTest, InBench) {
  Process process(DynsplitCommand(
      {"bench", "-m", ModelPath(), "--context", "1000000", "--method", "full", "--progress"}));
  ASSERT_TRUE(process.WaitForErr("reading: ")) << process.err();
  process.Signal(SIGINT);
  EXPECT_EQ(process.Finish(), 130);
}

}  // namespace
}  // namespace dynsplit::testing
