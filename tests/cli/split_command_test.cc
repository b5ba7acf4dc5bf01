#include <nlohmann/json.hpp>

#include "cli/cli_fixture.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;
using SplitCommandTest = CliTest;
using nlohmann::json;

const TempFile& SomeText() {
  static const TempFile* file = new TempFile(
      "The first sentence is here. The second one, with a comma, follows; then a third.\n\n"
      "A new paragraph begins: it has words (some in brackets) and an é and a 日本 too.\n");
  return *file;
}

TEST_F(SplitCommandTest, JsonBlocksPartitionTheTokens) {
  for (const char* method : {"dynsplit", "fixed-mean", "sentence", "full"}) {
    const ProcessResult result =
        Run("split", {"-f", SomeText().path(), "--json", "--method", method});
    ASSERT_EQ(result.status, 0) << result.err;
    const json blocks = json::parse(result.out);
    ASSERT_GT(blocks.size(), 1u);
    int end = 0;
    for (const json& block : blocks) {
      EXPECT_EQ(block.size(), 4u);
      EXPECT_EQ(block["start"], end);
      EXPECT_GT(block["len"], 0);
      EXPECT_TRUE(block["class"].is_string());
      EXPECT_TRUE(block["weight"].is_number());
      end = block["start"].get<int>() + block["len"].get<int>();
    }
    EXPECT_THAT(result.err, HasSubstr(std::to_string(end) + " tokens"));
  }
}

TEST_F(SplitCommandTest, ListHoldsTheWholeText) {
  const ProcessResult result =
      Run("split", {"-f", "-", "--method", "sentence"}, {.input = "One. Two é.\nThree\n"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(IsUtf8(result.out));
  EXPECT_THAT(result.out, ::testing::StartsWith("start len class weight text\n"));
  std::string all;
  size_t line = result.out.find('\n') + 1;
  while (line < result.out.size()) {
    const size_t end = result.out.find('\n', line);
    const size_t quote = result.out.find('"', line);
    all += json::parse(result.out.substr(quote, end - quote)).get<std::string>();
    line = end + 1;
  }
  EXPECT_THAT(all, ::testing::EndsWith("One. Two é.\nThree\n"));
  EXPECT_THAT(result.out, HasSubstr("sentence"));
}

TEST_F(SplitCommandTest, ShowsWhatWasLearned) {
  const ProcessResult result = Run("split", {"-f", SomeText().path(), "--json"});
  EXPECT_THAT(result.err, HasSubstr("importance"));
  EXPECT_THAT(result.err, HasSubstr("comma"));
}

TEST_F(SplitCommandTest, BlocksFollowTheFlags) {
  const auto longest = [&](const char* block) {
    const json blocks = json::parse(
        Run("split", {"-f", SomeText().path(), "--json", "--block", block, "--range", "2"}).out);
    int most = 0;
    for (const json& b : blocks) most = std::max(most, b["len"].get<int>());
    return most;
  };
  EXPECT_LE(longest("6"), 8);
  EXPECT_GT(longest("30"), 20);
}

}  // namespace
}  // namespace dynsplit::testing
