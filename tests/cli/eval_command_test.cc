#include "cli/cli_fixture.h"

namespace dynsplit::testing {
namespace {

struct WrongFlags {
  std::vector<std::string> arguments;
  std::string saying;
};

class EvalUsageTest : public CliTest, public ::testing::WithParamInterface<WrongFlags> {};

TEST_P(EvalUsageTest, IsStatusTwo) {
  ExpectRefused(Run("eval", GetParam().arguments), 2, GetParam().saying);
}

WrongFlags With(std::vector<std::string> arguments, const std::string& saying) {
  arguments.insert(arguments.end(), {"--task", "no-such-task", "--out", "/no/such/folder"});
  return {arguments, saying};
}

INSTANTIATE_TEST_SUITE_P(
    Flags, EvalUsageTest,
    ::testing::Values(WrongFlags{{"--out", "/no/such/folder"}, "--task"},
                      WrongFlags{{"--task", "no-such-task"}, "--out"}, With({}, "no-such-task"),
                      With({"--method", "full,magic"}, "magic"),
                      With({"--budget", "192,much"}, "much"), With({"--budget", "101%"}, "101"),
                      With({"--context", "0"}, "context"), With({"--questions", "0"}, "questions"),
                      With({"--question", "maybe"}, "maybe"), With({"--prompt", "loud"}, "loud"),
                      With({"--depths", "0.5,2"}, "depths"), With({"--block", "0"}, "block"),
                      With({"--seed", "x"}, "seed")));

}  // namespace
}  // namespace dynsplit::testing
