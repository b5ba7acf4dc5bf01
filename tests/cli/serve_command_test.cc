// dynsplit serve as a process: what it refuses, and how it starts and stops.
#include <httplib.h>
#include <signal.h>

#include <thread>

#include "cli/cli_fixture.h"
#include "support/temp_folder.h"

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
  // What the body of an answer tells of the prefix cache.
  static int CachedTokens(const std::string& body) {
    const std::string name = "\"cached_tokens\":";
    const size_t at = body.find(name);
    return at == std::string::npos ? -1 : std::stoi(body.substr(at + name.size()));
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

// Killed while requests come and prefixes are written, then started again: what it says is what a
// server without a cache says.
TEST_F(ServeCommandTest, KilledUnderLoadItServesTheSameAfterwards) {
  const TempFolder folder;
  const std::vector<std::string> cached = {"--context",   "1000",           "--cache-dir",
                                           folder.path(), "--cache-memory", "1M"};
  const auto ask = [](int port, int document) {
    httplib::Client client("127.0.0.1", port);
    const std::string text(600 + 10 * static_cast<size_t>(document),
                           static_cast<char>('a' + document));
    const auto answer = client.Post(
        "/v1/completions",
        R"({"temperature":0,"max_tokens":8,"ignore_eos":true,"prompt":")" + text + "\"}",
        "application/json");
    return answer && answer->status == 200 ? answer->body.substr(answer->body.find("choices"))
                                           : std::string();
  };
  constexpr int kDocuments = 6;
  std::vector<std::string> want;
  {
    Process fresh(Command({"--context", "1000", "--cache-memory", "0"}));
    ASSERT_TRUE(fresh.WaitForErr("serving tiny")) << fresh.err();
    for (int i = 0; i < kDocuments; ++i) {
      want.push_back(ask(PortOf(fresh), i));
      ASSERT_NE(want.back(), "");
    }
    fresh.Signal(SIGTERM);
    fresh.Finish();
  }
  bool loaded = false;  // in some round, what one before it wrote
  for (int round = 0; round < 4; ++round) {
    Process process(Command(cached));
    ASSERT_TRUE(process.WaitForErr("serving tiny")) << process.err();
    const int port = PortOf(process);
    for (int i = 0; i < kDocuments; ++i) loaded |= CachedTokens(ask(port, i)) > 0;
    std::thread load([&] {
      for (int i = 0; i < 40; ++i) ask(port, i % kDocuments);
    });
    for (int i = 0; i < kDocuments; ++i) {
      const std::string got = ask(port, i);
      EXPECT_EQ(got.substr(0, got.find("usage")),
                want[static_cast<size_t>(i)].substr(0, want[static_cast<size_t>(i)].find("usage")));
    }
    process.Signal(SIGKILL);
    process.Finish();
    load.join();
  }
  EXPECT_TRUE(loaded);
}

TEST_F(ServeCommandTest, ToldToStopItKeepsItsPrefixes) {
  const TempFolder folder;
  for (const bool restarted : {false, true}) {
    Process process(Command({"--cache-dir", folder.path()}));
    ASSERT_TRUE(process.WaitForErr("serving tiny")) << process.err();
    httplib::Client client("127.0.0.1", PortOf(process));
    const auto answer = client.Post("/v1/completions",
                                    R"({"max_tokens":1,"prompt":")" + std::string(400, 'x') + "\"}",
                                    "application/json");
    ASSERT_TRUE(answer);
    EXPECT_EQ(CachedTokens(answer->body) >= 256, restarted) << answer->body;
    process.Signal(SIGTERM);
    EXPECT_EQ(process.Finish(), 0);
  }
}

TEST_F(ServeCommandTest, ToldToStopItFinishesWhatIsUnderWay) {
  Process process(Command({"--context", "20000", "--grace", "60"}));
  ASSERT_TRUE(process.WaitForErr("serving tiny")) << process.err();
  const int port = PortOf(process);
  std::string body;
  std::thread asker([&] {
    httplib::Client client("127.0.0.1", port);
    client.set_read_timeout(60);
    const auto answer =
        client.Post("/v1/completions", R"({"prompt":"a","max_tokens":5000,"ignore_eos":true})",
                    "application/json");
    if (answer) body = answer->body;
  });
  httplib::Client client("127.0.0.1", port);
  for (int i = 0; i < 1000; ++i) {
    const auto metrics = client.Get("/metrics");
    if (metrics && metrics->body.find("dynsplit_running 1") != std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Finish(), 0);
  asker.join();
  EXPECT_THAT(body, HasSubstr("\"completion_tokens\":5000"));
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
  ExpectRefused(Run("serve", {"--cache-memory", "-1"}), 2, "-1 is not a number of bytes");
  ExpectRefused(Run("serve", {"--max-body", "-1"}), 2, "-1 is not a number of bytes");
  ExpectRefused(Run("serve", {"--cache-disk", "-1"}), 2, "-1 is not a number of bytes");
  ExpectRefused(Run("serve", {"--host", "256.1.1.1"}), 1, "cannot listen there");
  // Found after it listens, when the model is loaded.
  const auto no_folder = Run("serve", {"--port", "0", "--cache-dir", empty.path()});
  EXPECT_EQ(no_folder.status, 1);
  EXPECT_THAT(no_folder.err, HasSubstr("dynsplit: " + empty.path()));
}

}  // namespace
}  // namespace dynsplit::testing
