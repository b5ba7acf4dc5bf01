#include <nlohmann/json.hpp>

#include "cli/cli_fixture.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;

class InfoCommandTest : public CliTest {
 protected:
  static ProcessResult Info(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"info", "-m", ModelPath()});
    return RunDynsplit(arguments);
  }
};

TEST_F(InfoCommandTest, TellsOfAModelThatRuns) {
  const ProcessResult result = Info({});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
  for (const char* said :
       {"llama", "f32: ", "512 tokens", "pre-tokenizer qwen2", "chatml", "256 B in f16",
        "KV of 512 tokens", "128.0 KiB in f16", "f16+q4", "runs here"}) {
    EXPECT_THAT(result.out, HasSubstr(said));
  }
}

TEST_F(InfoCommandTest, Json) {
  const ProcessResult result = Info({"--json", "--context", "6400"});
  EXPECT_EQ(result.status, 0);
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["architecture"], "llama");
  EXPECT_EQ(json["layers"], 2);
  EXPECT_EQ(json["kv_layers"].size(), 2u);
  EXPECT_EQ(json["kv_bytes_per_token"], 256);
  EXPECT_EQ(json["context"], 6400);
  EXPECT_EQ(json["kv_bytes"]["f16"], 6400 * 256);
  EXPECT_LT(json["kv_bytes"]["f16+q4"], json["kv_bytes"]["q8_0"]);
  EXPECT_EQ(json["tensor_types"][0]["type"], "f32");
  EXPECT_EQ(json["runs"], true);
  EXPECT_EQ(json["reason"], nullptr);
}

TEST_F(InfoCommandTest, WhatDoesNotRunIsToldAndFails) {
  GgufWriter writer = TinyModel();
  writer.SetString("general.architecture", "bert");
  const TempFile file(writer.Build());
  const ProcessResult table = RunDynsplit({"info", "-m", file.path()});
  EXPECT_EQ(table.status, 1);
  EXPECT_THAT(table.out, HasSubstr("runs here"));
  EXPECT_THAT(table.out, HasSubstr("no: "));
  EXPECT_THAT(table.err, HasSubstr("architecture 'bert'"));
  EXPECT_EQ(std::count(table.err.begin(), table.err.end(), '\n'), 1);
  const ProcessResult line = RunDynsplit({"info", "-m", file.path(), "--json"});
  EXPECT_EQ(line.status, 1);
  EXPECT_EQ(nlohmann::json::parse(line.out)["runs"], false);
}

TEST_F(InfoCommandTest, WhatAFileSaysCommandsNoTerminal) {
  GgufWriter writer = TinyModel();
  writer.SetString("general.name", "\x1b[31mred\n");
  writer.SetString("general.architecture", "\x1b]0;title\n");
  const TempFile file(writer.Build());
  const ProcessResult result = RunDynsplit({"info", "-m", file.path()});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, HasSubstr("\uFFFD[31mred\uFFFD\n"));
  EXPECT_THAT(result.err, HasSubstr("architecture '\uFFFD]0;title\uFFFD'"));
  EXPECT_EQ((result.out + result.err).find('\x1b'), std::string::npos);
}

TEST_F(InfoCommandTest, RefusesWhatIsNoModel) {
  ExpectRefused(RunDynsplit({"info", "-m", "/no/such/model.gguf"}), 1, "/no/such/model.gguf");
  const TempFile file("no model");
  ExpectRefused(RunDynsplit({"info", "-m", file.path()}), 1, "GGUF");
  ExpectRefused(Info({"--context", "-5"}), 2, "--context");
}

}  // namespace
}  // namespace dynsplit::testing
