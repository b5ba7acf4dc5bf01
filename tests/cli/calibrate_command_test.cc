#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cli/cli_fixture.h"

namespace dynsplit {
namespace {

using ::testing::HasSubstr;

class CalibrateCommandTest : public testing::CliTest {
 protected:
  CalibrateCommandTest() : text_(LongText()), profile_(text_.path() + ".profile.json") {}
  ~CalibrateCommandTest() override { std::filesystem::remove(profile_); }

  static std::string LongText() {
    std::string text;
    for (int i = 0; i < 300; ++i) text += "word " + std::to_string(i * 7919 % 1000) + ".\n";
    return text;
  }

  testing::ProcessResult Calibrate(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"-f",  text_.path(), "-o", profile_,   "--context",
                                          "600", "--passages", "4",  "--budget", "8"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run("calibrate", arguments);
  }

  const testing::TempFile text_;
  const std::string profile_;
};

TEST_F(CalibrateCommandTest, WritesAProfileThatOtherCommandsTake) {
  const auto result = Calibrate({"--heads", "1", "--gain", "0"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("nats with none"));
  const auto json = nlohmann::json::parse(*ReadFile(profile_, 100000));
  EXPECT_EQ(json["method"], "dynsplit+budget=3%+budget=8");
  ASSERT_EQ(json["dense_heads"].size(), 1u);
  EXPECT_LT(json["dense_heads"][0]["divergence"], json["divergence"]);
  const std::vector<std::string> run = {"-f",     text_.path(), "--raw", "-n",        "4",
                                        "--json", "--budget",   "8",     "--context", "4096"};
  const auto attended = [&](const std::string& profile) {
    std::vector<std::string> arguments = run;
    arguments.insert(arguments.end(), {"--profile", profile});
    const auto ran = Run("run", arguments);
    EXPECT_EQ(ran.status, 0) << ran.err;
    return nlohmann::json::parse(ran.out)["attended_tokens_mean"].get<double>();
  };
  EXPECT_LT(attended(profile_), attended("none"));  // one head instead of two layers
}

TEST_F(CalibrateCommandTest, AProfileThatIsNamedMustBeThereAndFit) {
  ExpectRefused(Run("run", {"-p", "x", "--profile", "/nowhere.json"}), 1, "/nowhere.json");
  ExpectRefused(Run("run", {"-p", "x", "--profile", text_.path()}), 1, "not a profile");
}

TEST_F(CalibrateCommandTest, AnUnwritableProfileIsToldBeforeAnythingIsRead) {
  const auto result = Run("calibrate", {"-f", "/no/text", "-o", "/nowhere/x.json"});
  ExpectRefused(result, 1, "/nowhere/x.json");
}

TEST_F(CalibrateCommandTest, TheProfileBesideTheModelIsTakenUnlessNoneIsWanted) {
  const testing::TempFile model(testing::TinyModel().Build());
  const std::string beside = model.path() + ".profile.json";  // the name has no .gguf to replace
  const std::vector<std::string> run = {"run", "-m", model.path(), "-p", "x", "-n", "1"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), run.begin(), run.end());
    return testing::RunDynsplit(more);
  };
  std::ofstream(beside) << "{}";
  EXPECT_EQ(with({}).status, 1);
  EXPECT_THAT(with({}).err, HasSubstr("not a profile"));
  EXPECT_EQ(with({"--profile", "none"}).status, 0);
  std::filesystem::remove(beside);
  EXPECT_EQ(with({}).status, 0);
}

TEST_F(CalibrateCommandTest, WrongUsage) {
  ExpectRefused(Run("calibrate", {}), 2, "--file");
  ExpectRefused(Calibrate({"--gain", "2"}), 2, "--gain");
  ExpectRefused(Calibrate({"--gain", "nan"}), 2, "--gain");
  ExpectRefused(Calibrate({"--method", "nothing"}), 2, "nothing");
  for (const char* method : {"full", "recent", "snapkv", "h2o", "dynsplit+dense-heads=0.0"}) {
    ExpectRefused(Calibrate({"--method", method}), 2, method);
  }
  ExpectRefused(Run("calibrate", {"-f", text_.path(), "--context", "512", "--passages", "40"}), 1,
                "for 40 passages");
}

}  // namespace
}  // namespace dynsplit
