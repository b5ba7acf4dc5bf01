// What the program says to wrong and to missing words.
#include "cli/cli_fixture.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;
using UsageTest = CliTest;

TEST_F(UsageTest, HelpAndVersionAreGood) {
  const ProcessResult help = RunDynsplit({"--help"});
  EXPECT_EQ(help.status, 0);
  for (const char* command : {"run", "chat", "split", "bench", "eval", "models"}) {
    EXPECT_THAT(help.out, HasSubstr(command));
    const ProcessResult of_command = RunDynsplit({command, "--help"});
    EXPECT_EQ(of_command.status, 0);
    EXPECT_THAT(of_command.out, HasSubstr("Usage"));
  }
  const ProcessResult version = RunDynsplit({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_THAT(version.out, ::testing::MatchesRegex("dynsplit [0-9.]+\n"));
}

TEST_F(UsageTest, HelpThatCannotBeWrittenIsStatusOne) {
  const std::vector<std::vector<std::string>> requests = {
      {"--help"}, {"--version"}, {"run", "--help"}};
  for (const std::vector<std::string>& request : requests) {
    ExpectRefused(RunDynsplit(request, {.stdout_path = "/dev/full"}), 1, "stdout");
  }
}

TEST_F(UsageTest, WrongWordsAreStatusTwo) {
  ExpectRefused(RunDynsplit({}), 2, "subcommand");
  ExpectRefused(RunDynsplit({"fly"}), 2, "fly");
  ExpectRefused(RunDynsplit({"run", "-p", "x"}), 2, "--model");
  ExpectRefused(Run("run", {}), 2, "-p PROMPT");
  ExpectRefused(Run("run", {"-p", "x", "--fast"}), 2, "--fast");
}

struct WrongValue {
  std::vector<std::string> arguments;
  std::string saying;
};

class WrongValueTest : public CliTest, public ::testing::WithParamInterface<WrongValue> {};

TEST_P(WrongValueTest, IsStatusTwo) {
  std::vector<std::string> arguments = {"-p", "x"};
  arguments.insert(arguments.end(), GetParam().arguments.begin(), GetParam().arguments.end());
  ExpectRefused(Run("run", arguments), 2, GetParam().saying);
}

INSTANTIATE_TEST_SUITE_P(
    Flags, WrongValueTest,
    ::testing::Values(
        WrongValue{{"-n", "0"}, "-n"}, WrongValue{{"-n", "many"}, "many"},
        WrongValue{{"--method", "magic"}, "magic"}, WrongValue{{"--budget", "-3"}, "-3"},
        WrongValue{{"--kv-memory", "much"}, "--kv-memory: much is not a number of bytes"},
        WrongValue{{"--kv-memory", "-1"}, "-1"}, WrongValue{{"--kv-type", "q4"}, "--kv-type"},
        WrongValue{{"--kv-cold-type", "q5"}, "q5"}, WrongValue{{"--kv-memory", " -1"}, "-1 is not"},
        WrongValue{{"--kv-memory", "M"}, "M is not"},
        WrongValue{{"--kv-memory", "99999999999999999999"}, "999 is not"},
        WrongValue{{"--kv-memory", "18014398509481984K"}, "984K is not"},
        WrongValue{{"--kv-memory", "1M", "--kv-dir", ""}, "--kv-dir: is empty"},
        WrongValue{{"--kv-dir", "/tmp"}, "--kv-memory"}, WrongValue{{"--prefill", "some"}, "some"},
        WrongValue{{"--prefill-window", "63"}, "63"},
        WrongValue{{"--prefill-budget", "64", "--prefill", "full"}, "--prefill-budget: got 64"},
        WrongValue{{"--prefill-window", "64", "--method", "full"}, "--prefill-window: got 64"},
        WrongValue{{"--budget", "101%"}, "101"}, WrongValue{{"--budget", "much"}, "much"},
        WrongValue{{"--block", "0"}, "block"}, WrongValue{{"--range", "500"}, "range"},
        WrongValue{{"--search", "quick"}, "quick"}, WrongValue{{"--reading", "aloud"}, "aloud"},
        WrongValue{{"--summary", "max"}, "max"}, WrongValue{{"--vectors", "9"}, "vectors"},
        WrongValue{{"--sink", "-1"}, "sink"}, WrongValue{{"--scatter", "1.5"}, "scatter"},
        WrongValue{{"--lambda", "much"}, "lambda"}, WrongValue{{"--window", "0"}, "window"},
        WrongValue{{"--retained", "x"}, "retained"},
        WrongValue{{"--method", "dynsplit+blok=3"}, "blok"},
        WrongValue{{"--method", "fixed+block=0"}, "block"},
        WrongValue{{"--threads", "-1"}, "threads"}, WrongValue{{"--context", "-1"}, "context"},
        WrongValue{{"--repack", "perhaps"}, "perhaps"}, WrongValue{{"--isa", "MMX"}, "MMX"},
        WrongValue{{"--rope-scaling", "ntk"}, "ntk"}, WrongValue{{"--rope-scale", "0.5"}, "0.5"},
        WrongValue{{"--yarn-orig-ctx", "0"}, "--yarn-orig-ctx"},
        WrongValue{{"--temp", "-1"}, "temperature"}, WrongValue{{"--temp", "nan"}, "temperature"},
        WrongValue{{"--top-k", "-1"}, "top_k"}, WrongValue{{"--top-p", "0"}, "top_p"},
        WrongValue{{"--min-p", "2"}, "min_p"},
        WrongValue{{"--repeat-penalty", "0"}, "repetition_penalty"},
        WrongValue{{"--chat-template", "morse"}, "morse"},
        WrongValue{{"--raw", "--system", "be kind"}, "--raw"},
        WrongValue{{"-f", "-", "-f", "-"}, "stdin"}));

TEST_F(UsageTest, OtherCommandsCheckTheirWordsToo) {
  ExpectRefused(Run("bench", {"--context", "-1"}), 2, "context");
  ExpectRefused(Run("bench", {"--method", "full,magic"}), 2, "magic");
  ExpectRefused(Run("bench", {"--rounds", "0"}), 2, "rounds");
  ExpectRefused(Run("bench", {"--prefill-budget", "64"}), 2, "--prefill-budget: got 64");
  ExpectRefused(Run("split", {}), 2, "--file");
  ExpectRefused(Run("chat", {"-f", "-"}), 2, "stdin");
  ExpectRefused(Run("chat", {"--prefill", "full", "--prefill-window", "64"}), 2, "got 64");
  ExpectRefused(Run("chat", {"--chat-template", "morse"}), 2, "morse");
}

TEST_F(UsageTest, MissingModelIsStatusOne) {
  ExpectRefused(RunDynsplit({"run", "-m", "/no/such.gguf", "-p", "x"}), 1, "/no/such.gguf");
  ExpectRefused(RunDynsplit({"run", "-m", "/", "-p", "x"}), 1, "folder");
  ExpectRefused(RunDynsplit({"run", "-m", "smollm2-135m", "-p", "x"},
                            {.variables = {"DYNSPLIT_MODELS=/no/models"}}),
                1, "dynsplit models --get smollm2-135m");
  const TempFile empty("");
  ExpectRefused(RunDynsplit({"run", "-m", empty.path(), "-p", "x"}), 1, empty.path());
  const TempFile text("not a model at all, only text");
  ExpectRefused(RunDynsplit({"bench", "-m", text.path()}), 1, text.path());
}

}  // namespace
}  // namespace dynsplit::testing
