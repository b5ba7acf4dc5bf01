#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "cli/cli_fixture.h"
#include "support/temp_folder.h"

namespace dynsplit::testing {
namespace {

using nlohmann::json;

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
                      With({"--answer", "guessed"}, "guessed"),
                      With({"--questions-per-document", "0"}, "questions-per-document"),
                      With({"--questions-per-document", "1001"}, "questions-per-document"),
                      With({"--depths", "0.5,2"}, "depths"), With({"--depths", "nan"}, "depths"),
                      With({"--depths", "0.5,x"}, "depths"),
                      WrongFlags{{"--task", "records", "--out", ""}, "--out"},
                      WrongFlags{
                          {"--task", "records", "--out", "/no/such/folder", "--baseline", "quest"},
                          "quest"},
                      With({"--block", "0"}, "block"), With({"--seed", "x"}, "seed")));

class EvalCommandTest : public CliTest {
 protected:
  // A small run in the folder.
  ProcessResult Eval(std::vector<std::string> arguments) const {
    const std::vector<std::string> small = {"--out",    folder_.path(), "--context",   "600",
                                            "--budget", "32",           "--questions", "2"};
    arguments.insert(arguments.end(), small.begin(), small.end());
    return Run("eval", arguments);
  }

  bool Has(const std::string& name) const {
    return std::filesystem::exists(folder_.path() + "/" + name);
  }

  const TempFolder folder_;
};

TEST_F(EvalCommandTest, RunIsDescribed) {
  const ProcessResult result = Eval(
      {"--task", "records", "--method", "full", "--seed", "3", "--questions-per-document", "1"});
  ASSERT_EQ(result.status, 0) << result.err;
  const json run = json::parse(folder_.Read("run.json"));
  EXPECT_EQ("dynsplit " + run["version"].get<std::string>() + "\n", RunDynsplit({"--version"}).out);
  EXPECT_EQ(run["questions_per_document"], 1);
  std::set<std::string> ids;
  std::istringstream lines(folder_.Read("results.jsonl"));
  for (std::string line; std::getline(lines, line);) ids.insert(json::parse(line)["id"]);
  ASSERT_EQ(ids.size(), 2u);  // of two documents
  EXPECT_NE(ids.begin()->substr(0, ids.begin()->find('/')),
            ids.rbegin()->substr(0, ids.rbegin()->find('/')));
  EXPECT_TRUE(Has("report.html"));
}

// Before anything is answered, and without a claim on the folder.
TEST_F(EvalCommandTest, TaskWithoutItsFileIsWrongUsage) {
  const ProcessResult result = Eval({"--task", "records,qa", "--method", "full"});
  ExpectRefused(result, 2, "qa: no data, wanted --data FILE");
  EXPECT_EQ(result.err.find("qa: qa:"), std::string::npos);
  EXPECT_FALSE(Has("results.jsonl"));
  EXPECT_FALSE(Has("run.json"));
}

TEST_F(EvalCommandTest, BaselineMayBeInTheFolderAlready) {
  ASSERT_EQ(Eval({"--task", "records", "--method", "recent"}).status, 0);
  const ProcessResult result =
      Eval({"--task", "records", "--method", "full", "--baseline", "recent"});
  EXPECT_EQ(result.status, 0) << result.err;
  ExpectRefused(Eval({"--task", "records", "--method", "full", "--baseline", "quest"}), 2, "quest");
}

TEST_F(EvalCommandTest, SelectedPrefillIsUsedAndDescribed) {
  ExpectRefused(Eval({"--task", "records", "--prefill", "selected", "--method", "h2o"}), 1, "h2o");
  ExpectRefused(Eval({"--task", "records", "--prefill-window", "64"}), 2, "--prefill-window");
  std::ifstream file(folder_.path() + "/run.json");
  EXPECT_EQ(json::parse(file)["prefill"],
            "selected, 4096 tokens in the mean of the layers and a window of 512");
}

TEST_F(EvalCommandTest, ExpectedAnswersAreFed) {
  const ProcessResult result =
      Eval({"--task", "records", "--method", "full,recent+dense-layers=0", "--answer", "fed"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(json::parse(folder_.Read("run.json"))["answer"], "fed");
  std::istringstream lines(folder_.Read("results.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const json record = json::parse(line);
    EXPECT_EQ(record["answer"], "");
    EXPECT_EQ(record["kl"] == 0, record["method"] == "full") << line;
  }
  EXPECT_THAT(result.out, ::testing::HasSubstr("KL [95 %]"));
  ExpectRefused(Eval({"--task", "records", "--method", "full", "--answer", "written"}), 1,
                "answer is \"fed\", wanted none");
}

// A question that no document leaves room for is found when it is asked.
TEST_F(EvalCommandTest, WhatWasAnsweredBeforeAFailureIsReported) {
  const json question = {{"id", "q"},
                         {"question", std::string(20000, '?')},
                         {"answers", {{{"text", "sea"}, {"answer_start", 4}}}}};
  json paragraphs = {{{"context", "The sea is far."}, {"qas", {question}}}};
  for (int i = 0; i < 50; ++i) {
    paragraphs.push_back(
        {{"context", "Town " + std::to_string(i) + " is near."}, {"qas", json::array()}});
  }
  const TempFile data(json({{"data", {{{"title", "t"}, {"paragraphs", paragraphs}}}}}).dump());
  const ProcessResult result =
      Eval({"--task", "records,qa", "--method", "full", "--data", data.path()});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, ::testing::HasSubstr("dynsplit: qa "));
  EXPECT_THAT(result.out, ::testing::HasSubstr("records"));
  EXPECT_TRUE(Has("summary.md"));
}

}  // namespace
}  // namespace dynsplit::testing
