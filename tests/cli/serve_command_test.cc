// dynsplit serve as a process: what it refuses, and how it starts and stops.
#include <httplib.h>
#include <signal.h>

#include "cli/cli_fixture.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;

class ServeCommandTest : public CliTest {
 protected:
  static std::vector<std::string> Command(std::vector<std::string> more) {
    std::vector<std::string> all = {"serve",     "-m", ModelPath(), "--port", "0",
                                    "--threads", "1",  "--alias",   "tiny"};
    all.insert(all.end(), more.begin(), more.end());
    return DynsplitCommand(all);
  }
  // The port that a running server has told.
  static int PortOf(const Process& process) {
    const std::string& err = process.err();
    const size_t at = err.find("127.0.0.1:");
    return at == std::string::npos ? -1 : std::stoi(err.substr(at + 10));
  }
};

TEST_F(ServeCommandTest, AnswersUntilItIsToldToStop) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Process process(Command({"--context", "256"}));
    ASSERT_TRUE(process.WaitForErr("serving tiny")) << process.err();
    httplib::Client client("127.0.0.1", PortOf(process));
    const auto answer = client.Post(
        "/v1/chat/completions",
        R"({"model":"tiny","messages":[{"role":"user","content":"Hi"}],"max_tokens":3})",
        "application/json");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200) << answer->body;
    process.Signal(signal);
    EXPECT_EQ(process.Finish(), 0);
  }
}

TEST_F(ServeCommandTest, KeysMayComeFromAFile) {
  const TempFile keys("# for tests\n\nsecret\n");
  Process process(Command({"--api-key-file", keys.path()}));
  ASSERT_TRUE(process.WaitForErr("serving tiny")) << process.err();
  httplib::Client client("127.0.0.1", PortOf(process));
  EXPECT_EQ(client.Get("/v1/models")->status, 401);
  client.set_default_headers({{"Authorization", "Bearer secret"}});
  EXPECT_EQ(client.Get("/v1/models")->status, 200);
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Finish(), 0);
}

TEST_F(ServeCommandTest, Refusals) {
  const TempFile empty("# no key\n");
  ExpectRefused(Run("serve", {"--api-key-file", empty.path()}), 2, "no key in it");
  ExpectRefused(Run("serve", {"--api-key-file", "/nowhere"}), 2, "/nowhere");
  ExpectRefused(Run("serve", {"--api-key", ""}), 2, "empty");
  ExpectRefused(Run("serve", {"--chat-template", "none"}), 2, "none");
  ExpectRefused(Run("serve", {"--method", "nothing"}), 2, "nothing");
  ExpectRefused(Run("serve", {"--port", "70000"}), 2, "--port");
  ExpectRefused(Run("serve", {"--parallel", "0"}), 2, "--parallel");
  ExpectRefused(Run("serve", {"--cache-memory", "-1"}), 2, "-1 is negative");
  ExpectRefused(Run("serve", {"--max-body", "-1"}), 2, "-1 is negative");
  ExpectRefused(Run("serve", {"--host", "256.1.1.1"}), 1, "cannot listen there");
}

}  // namespace
}  // namespace dynsplit::testing
