#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/cli_fixture.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using RunCommandTest = CliTest;
using nlohmann::json;

std::string ContentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(RunCommandTest, JsonHasTheKeysOfTheContract) {
  const ProcessResult result =
      Run("run", {"-p", "hello there", "-n", "5", "--json", "--budget", "3%"});
  ASSERT_EQ(result.status, 0) << result.err;
  const json report = json::parse(result.out);
  std::set<std::string> keys;
  for (const auto& [key, value] : report.items()) keys.insert(key);
  EXPECT_EQ(keys,
            (std::set<std::string>{"text", "tokens", "prompt_tokens", "prefill_seconds",
                                   "decode_seconds", "decode_tokens_per_second", "peak_rss_bytes",
                                   "kv_bytes_total", "kv_bytes_resident", "attended_tokens_mean",
                                   "method", "budget", "stop_reason"}));
  EXPECT_LE(report["tokens"], 5);
  EXPECT_GT(report["prompt_tokens"], 10);
  EXPECT_GT(report["prefill_seconds"], 0);
  EXPECT_GT(report["peak_rss_bytes"], 1 << 20);
  EXPECT_GT(report["kv_bytes_total"], 0);
  EXPECT_EQ(report["kv_bytes_resident"], report["kv_bytes_total"]);
  EXPECT_EQ(report["method"], "dynsplit");
  EXPECT_EQ(report["budget"], "3%");
  EXPECT_THAT(result.err, HasSubstr("tokens/s"));
}

TEST_F(RunCommandTest, FullAttentionHasNoBudget) {
  const ProcessResult result =
      Run("run", {"--raw", "-p", "abcdefgh", "-n", "4", "--json", "--method", "full"});
  const json report = json::parse(result.out);
  EXPECT_EQ(report["method"], "full");
  EXPECT_TRUE(report["budget"].is_null());
  EXPECT_EQ(report["prompt_tokens"], 8);
  // Steps at 9, 10 and 11 tokens, all attended to.
  ASSERT_EQ(report["tokens"], 4);
  EXPECT_DOUBLE_EQ(report["attended_tokens_mean"], 10);
}

TEST_F(RunCommandTest, StdoutIsTheAnswerAlone) {
  const std::vector<std::string> arguments = {"-p",     "hello", "-n",          "40",
                                              "--temp", "1",     "--ignore-eos"};
  for (const char* seed : {"1", "2", "3"}) {
    std::vector<std::string> plain = arguments;
    plain.insert(plain.end(), {"--seed", seed});
    const ProcessResult text = Run("run", plain);
    plain.push_back("--json");
    const ProcessResult report = Run("run", plain);
    ASSERT_EQ(text.status, 0) << text.err;
    EXPECT_EQ(text.out, json::parse(report.out)["text"]);
    // Random weights write random bytes, which must come out as whole characters all the same.
    EXPECT_TRUE(IsUtf8(text.out));
    EXPECT_EQ(Run("run", plain).out.substr(0, 20), report.out.substr(0, 20));
  }
}

TEST_F(RunCommandTest, RawTextsAreReadAsTheyStand) {
  const TempFile one("one ");
  const TempFile two("two ");
  const auto prompt_tokens = [&](std::vector<std::string> arguments) -> int {
    arguments.insert(arguments.end(), {"-n", "1", "--json"});
    const ProcessResult result = Run("run", arguments);
    return result.status == 0 ? json::parse(result.out)["prompt_tokens"].get<int>() : -1;
  };
  const int whole = prompt_tokens({"--raw", "-p", "one two three"});
  EXPECT_GT(whole, 0);
  EXPECT_EQ(prompt_tokens({"--raw", "-f", one.path(), "-f", two.path(), "-p", "three"}), whole);
  EXPECT_GT(prompt_tokens({"-f", one.path(), "-f", two.path(), "-p", "three"}), whole);
}

// On few tokens what is selected is everything.
TEST_F(RunCommandTest, SelectedPrefillOfAShortTextIsFull) {
  const ProcessResult full = Run("run", {"-p", "hello there", "-n", "8", "--prefill", "full"});
  const ProcessResult selected = Run(
      "run", {"-p", "hello there", "-n", "8", "--prefill", "selected", "--prefill-budget", "8"});
  EXPECT_EQ(selected.status, 0) << selected.err;
  EXPECT_EQ(selected.out, full.out);
  // Only a text that is read jointly refuses votes, so the flag arrives.
  ExpectRefused(Run("run", {"-p", "hello", "--prefill", "selected", "--method", "snapkv"}), 1,
                "snapkv");
}

TEST_F(RunCommandTest, ALongTextIsReadSelectedUnderMethodsThatSelect) {
  std::string words;
  while (words.size() < 400) words += "more words ";
  const auto report = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--raw", "-p", words, "-n", "1"});
    return Run("run", arguments).err;
  };
  EXPECT_THAT(report({"--prefill-budget", "8", "--prefill-window", "64"}),
              HasSubstr("selected prefill"));
  EXPECT_THAT(report({}), Not(HasSubstr("selected prefill")));  // 4,608 tokens have room for it
  EXPECT_THAT(report({"--method", "full"}), Not(HasSubstr("selected prefill")));
}

TEST_F(RunCommandTest, PromptFromStdin) {
  const ProcessResult from_stdin =
      Run("run", {"-p", "-", "-n", "8"}, {.input = "what stands here"});
  const ProcessResult direct = Run("run", {"-p", "what stands here", "-n", "8"});
  EXPECT_EQ(from_stdin.status, 0) << from_stdin.err;
  EXPECT_EQ(from_stdin.out, direct.out);
}

TEST_F(RunCommandTest, SpecialTokensInATextStayText) {
  const auto prompt_tokens = [&](const std::string& prompt) -> int {
    return json::parse(Run("run", {"-p", prompt, "-n", "1", "--json"}).out)["prompt_tokens"];
  };
  // As a token it would be one; as text it is a token a byte, more or less.
  EXPECT_GT(prompt_tokens("a<|im_end|>b"), prompt_tokens("ab") + 4);
}

TEST_F(RunCommandTest, StopTextEndsTheAnswer) {
  const std::vector<std::string> arguments = {"-p",     "hello", "-n",           "30",
                                              "--temp", "1",     "--ignore-eos", "--json"};
  const json free = json::parse(Run("run", arguments).out);
  const std::string text = free["text"];
  ASSERT_GT(text.size(), 8u);
  // A stop text out of ASCII, to have it whole on the command line.
  const size_t at =
      text.find_first_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
  ASSERT_NE(at, std::string::npos);
  std::vector<std::string> stopping = arguments;
  stopping.insert(stopping.end(), {"--stop", text.substr(at, 1)});
  const json stopped = json::parse(Run("run", stopping).out);
  EXPECT_EQ(stopped["text"], text.substr(0, at));
  EXPECT_EQ(stopped["stop_reason"], "stop");
}

TEST_F(RunCommandTest, FullContextEndsTheAnswer) {
  const ProcessResult result = Run("run", {"--raw", "-p", "abcdefgh", "-n", "100", "--context",
                                           "16", "--json", "--temp", "1", "--ignore-eos"});
  ASSERT_EQ(result.status, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_EQ(report["stop_reason"], "context");
  EXPECT_EQ(report["tokens"], 9);
}

TEST_F(RunCommandTest, PromptLongerThanTheContextSaysBothLengths) {
  const std::string text(600, 'x');
  const ProcessResult result = Run("run", {"--raw", "-p", text});
  ExpectRefused(result, 1, "600");
  EXPECT_THAT(result.err, HasSubstr("512"));
}

// Texts are read once, and asked of twice.
TEST_F(RunCommandTest, SavedSessionsAnswerAsTheOnesThatWereSaved) {
  const TempFile text("The first one, here. And then the other!\n\nIn the end, all of it.\n");
  const std::string session = ::testing::TempDir() + "/run_command.session";
  for (const bool raw : {false, true}) {
    std::vector<std::string> answer = {"-n", "20", "--temp", "1", "--ignore-eos"};
    if (raw) answer.push_back("--raw");
    const auto run = [&](std::vector<std::string> arguments) {
      arguments.insert(arguments.end(), answer.begin(), answer.end());
      ProcessResult result = Run("run", arguments);
      EXPECT_EQ(result.status, 0) << result.err;
      return result.out;
    };
    std::filesystem::remove(session);
    const std::string first = run({"-f", text.path(), "-p", "Which?", "--save-session", session});
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(run({"-p", "Which?", "--load-session", session}), first);
    EXPECT_NE(run({"-p", "Another one?", "--load-session", session}), first);
    EXPECT_EQ(run({"-f", text.path(), "--save-session", session}), "");
    EXPECT_EQ(run({"-p", "Which?", "--load-session", session}), first);
  }
  std::filesystem::remove(session);
}

TEST_F(RunCommandTest, SessionsThatCannotBeSavedOrLoaded) {
  const TempFile text("A text.");
  const std::string no_session = "/no/such.session";
  ExpectRefused(Run("run", {"-p", "x", "--load-session", no_session}), 1, no_session);
  ExpectRefused(Run("run", {"-p", "x", "--load-session", text.path()}), 1, "not a session file");
  ExpectRefused(Run("run", {"-f", text.path(), "--save-session", no_session}), 1, no_session);
  ExpectRefused(Run("run", {"-f", text.path(), "--save-session", "/tmp"}), 1, "is a directory");
  for (const char* flag : {"--save-session", "--load-session"}) {
    ExpectRefused(Run("run", {"-f", text.path(), "-p", "x", flag, ""}), 2, flag);
  }
  // The user's files stay.
  ExpectRefused(Run("run", {"-f", text.path(), "--save-session", text.path()}), 1, "no session");
  ExpectRefused(Run("run", {"-f", text.path(), "-p", "x", "--load-session", text.path(),
                            "--on-broken-session", "reread"}),
                1, "not a session file");
  EXPECT_EQ(ContentOf(text.path()), "A text.");
  const std::string pipe = text.path() + ".pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  ExpectRefused(Run("run", {"-p", "x", "--load-session", pipe}), 1, "not a regular file");
  std::filesystem::remove(pipe);
  ExpectRefused(Run("run", {"-f", text.path(), "--load-session", "y"}), 2, "neither -f");
  ExpectRefused(Run("run", {"--load-session", "y"}), 2, "nothing to answer");
  ExpectRefused(Run("run", {"-p", "x", "--save-session", "y"}), 2, "give -f FILE");
}

TEST_F(RunCommandTest, ABrokenSessionIsReadAgainWhereThatIsWanted) {
  const TempFile text("A text of some words. Another sentence of it.");
  const std::string session = ::testing::TempDir() + "/broken_command.session";
  std::vector<std::string> saving = {"-f", text.path(), "-p", "Which?", "-n", "6"};
  std::vector<std::string> loading = saving;
  saving.insert(saving.end(), {"--save-session", session});
  loading.insert(loading.end(), {"--load-session", session, "--on-broken-session", "reread"});
  const ProcessResult want = Run("run", saving);
  ASSERT_EQ(want.status, 0) << want.err;
  std::filesystem::resize_file(session, std::filesystem::file_size(session) / 2);
  ExpectRefused(Run("run", {"-p", "Which?", "--load-session", session}), 1, "cut short");
  for (const bool broken : {true, false}) {
    const ProcessResult got = Run("run", loading);
    ASSERT_EQ(got.status, 0) << got.err;
    EXPECT_EQ(got.out, want.out);
    EXPECT_EQ(got.err.find("Reading the texts again") != std::string::npos, broken) << got.err;
  }
  // Pages are read, and checked, when they are needed.
  std::string content = ContentOf(session);
  for (size_t at = content.size() / 4; at < content.size() * 3 / 4; at += 64) content[at] ^= 1;
  std::ofstream(session, std::ios::binary) << content;
  loading.insert(loading.end(), {"--kv-memory", "64M", "--kv-dir", ::testing::TempDir()});
  const ProcessResult got = Run("run", loading);
  ASSERT_EQ(got.status, 0) << got.err;
  EXPECT_EQ(got.out, want.out);
  EXPECT_NE(got.err.find("Reading the texts again"), std::string::npos) << got.err;
  std::filesystem::remove(session);
  ExpectRefused(Run("run", {"-p", "x", "--on-broken-session", "reread"}), 2, "--load-session FILE");
}

// With less room than the 4 KiB a token that keys and values take, so that some wait on disk.
TEST_F(RunCommandTest, KvMemoryHasTheSameAnswer) {
  const TempFile model(
      TinyModel({.num_layers = 16, .num_heads = 4, .num_kv_heads = 4, .head_dim = 16}).Build());
  std::string words;
  for (int i = 0; i < 350; ++i) words += "word " + std::to_string(i * i % 97) + ". ";
  const TempFile text(words);
  const auto report = [&](const char* room) {
    const ProcessResult result = RunDynsplit({"run",
                                              "-m",
                                              model.path(),
                                              "-f",
                                              text.path(),
                                              "-p",
                                              "?",
                                              "--context",
                                              "8000",
                                              "--threads",
                                              "1",
                                              "-n",
                                              "20",
                                              "--json",
                                              "--temp",
                                              "1",
                                              "--ignore-eos",
                                              "--budget",
                                              "64",
                                              "--kv-memory",
                                              room,
                                              "--kv-dir",
                                              ::testing::TempDir()});
    EXPECT_EQ(result.status, 0) << result.err;
    return result.status == 0 ? json::parse(result.out) : json();
  };
  const json want = report("0"), got = report("5M");
  ASSERT_FALSE(want.is_null() || got.is_null());
  EXPECT_EQ(want["kv_bytes_resident"], want["kv_bytes_total"]);
  EXPECT_LT(got["kv_bytes_resident"], got["kv_bytes_total"]);
  EXPECT_EQ(got["kv_bytes_total"], want["kv_bytes_total"]);
  EXPECT_EQ(got["text"], want["text"]);
  EXPECT_EQ(got["tokens"], 20);
}

TEST_F(RunCommandTest, KvTypesTakeLessMemory) {
  const auto bytes = [&](std::vector<std::string> types) {
    types.insert(types.begin(), {"-p", std::string(400, 'x'), "-n", "2", "--json"});
    const ProcessResult result = Run("run", types);
    EXPECT_EQ(result.status, 0) << result.err;
    return result.status == 0 ? json::parse(result.out)["kv_bytes_total"].get<int64_t>() : 0;
  };
  const int64_t f16 = bytes({});
  const int64_t q8 = bytes({"--kv-type", "q8_0"}), q4 = bytes({"--kv-cold-type", "q4"});
  EXPECT_LT(q8, f16);
  EXPECT_LT(q4, f16);
  EXPECT_LT(bytes({"--kv-type", "q8_0", "--kv-cold-type", "q4"}), q8);
  ExpectRefused(Run("run", {"-p", "x", "--kv-type", "q8_0", "--kv-cold-type", "f16"}), 1,
                "got cold f16 after hot q8_0");
}

TEST_F(RunCommandTest, KvMemoryThatIsTooLittleOrHasNoDirectory) {
  ExpectRefused(Run("run", {"-p", "x", "--kv-memory", "1K"}), 1, "--kv-memory: got 1024");
  ExpectRefused(Run("run", {"-p", "x", "--kv-memory", "1G", "--kv-dir", "/no/such"}), 1,
                "/no/such: No such file");
}

TEST_F(RunCommandTest, TextsThatCannotBeRead) {
  ExpectRefused(Run("run", {"-f", "/no/such.txt"}), 1, "/no/such.txt: No such file");
  ExpectRefused(Run("run", {"-f", "/tmp"}), 1, "folder");
  ExpectRefused(Run("run", {"--raw", "-p", ""}), 1, "empty");
  if (geteuid() != 0) {
    ExpectRefused(Run("run", {"-f", "/proc/1/environ"}), 1, "Permission denied");
  }
  ExpectRefused(Run("run", {"-f", "/proc/self/mem"}), 1, "/proc/self/mem: Input/output error");
}

TEST_F(RunCommandTest, FullDiskIsAnError) {
  for (const bool with_json : {false, true}) {
    std::vector<std::string> arguments = {"-p", "hello", "-n", "20", "--temp", "1", "--ignore-eos"};
    if (with_json) arguments.push_back("--json");
    const ProcessResult result = Run("run", arguments, {.stdout_path = "/dev/full"});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, HasSubstr("dynsplit: stdout: No space left on device"));
  }
}

TEST_F(RunCommandTest, GoneReaderEndsTheAnswer) {
  const ProcessResult result = Run(
      "run", {"-p", "hello", "-n", "400", "--temp", "1", "--ignore-eos"}, {.reader_gone = true});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("dynsplit: stdout: Broken pipe"));
  EXPECT_THAT(result.err, HasSubstr("cancelled"));
}

}  // namespace
}  // namespace dynsplit::testing
