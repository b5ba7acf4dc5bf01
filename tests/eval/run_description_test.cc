#include "apps/eval/run_description.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "support/temp_file.h"
#include "support/temp_folder.h"

namespace dynsplit::eval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RunDescription SomeRun() {
  RunDescription run;
  run.version = "1.0";
  run.model = {"tiny", 1000, "00ff"};
  run.prompt = "chat";
  run.question = "selected";
  run.boundary_window = 16;
  run.boundary_retained = 64;
  run.seed = 7;
  run.num_questions = 24;
  run.questions_per_document = 6;
  run.depths = {0.1, 0.5};
  run.haystack = FileIdentity{"book.txt", 5, "ab"};
  return run;
}

std::string Identity(Result<FileIdentity> (*identify)(const std::string&),
                     const std::string& content) {
  const testing::TempFile file(content);
  const auto identified = identify(file.path());
  EXPECT_TRUE(identified.ok()) << identified.status().ToString();
  return std::to_string(identified->bytes) + " " + identified->hash;
}

TEST(IdentifyFileTest, SizeAndBothEndsCount) {
  const std::string text((3 << 20) + 5, 'x');
  for (const auto identify : {IdentifyFile, IdentifyModel}) {
    const std::string identity = Identity(identify, text);
    EXPECT_EQ(identity, Identity(identify, text));
    EXPECT_NE(identity, Identity(identify, text + "x"));
    EXPECT_NE(identity, Identity(identify, "y" + text.substr(1)));
    EXPECT_NE(identity, Identity(identify, text.substr(1) + "y"));
    EXPECT_EQ(Identity(identify, "").substr(0, 2), "0 ");
  }
}

TEST(IdentifyFileTest, TheMiddleCountsButForModels) {
  const std::string text(3 << 20, 'x');
  std::string other = text;
  other[other.size() / 2] = 'y';
  EXPECT_NE(Identity(IdentifyFile, text), Identity(IdentifyFile, other));
  EXPECT_EQ(Identity(IdentifyModel, text), Identity(IdentifyModel, other));
}

TEST(IdentifyFileTest, MissingFileAndFolder) {
  EXPECT_EQ(IdentifyFile("/no/such/file").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(IdentifyFile("/").status().code(), StatusCode::kInvalidArgument);
}

TEST(ClaimFolderTest, SameRunGoesOn) {
  const testing::TempFolder folder;
  EXPECT_TRUE(ClaimFolder(folder.path(), SomeRun()).ok());
  const std::string written = folder.Read("run.json");
  EXPECT_TRUE(ClaimFolder(folder.path(), SomeRun()).ok());
  EXPECT_EQ(folder.Read("run.json"), written);
  EXPECT_THAT(written, HasSubstr("\"seed\": 7"));
}

TEST(ClaimFolderTest, OtherRunIsToldTheKey) {
  const testing::TempFolder folder;
  ASSERT_TRUE(ClaimFolder(folder.path(), SomeRun()).ok());
  const std::pair<const char*, std::function<void(RunDescription*)>> changes[] = {
      {"version", [](RunDescription* run) { run->version = "1.1"; }},
      {"model", [](RunDescription* run) { run->model.hash = "00fe"; }},
      {"prompt", [](RunDescription* run) { run->prompt = "plain"; }},
      {"question", [](RunDescription* run) { run->question = "full"; }},
      {"answer", [](RunDescription* run) { run->answer = "fed"; }},
      {"prefill", [](RunDescription* run) { run->prefill = "selected"; }},
      {"kv_types", [](RunDescription* run) { run->kv_types = "f16+q4"; }},
      {"window", [](RunDescription* run) { run->boundary_window = 8; }},
      {"dense_heads", [](RunDescription* run) { run->dense_heads = "7.0"; }},
      {"retained", [](RunDescription* run) { run->boundary_retained = 32; }},
      {"seed", [](RunDescription* run) { run->seed = 8; }},
      {"questions", [](RunDescription* run) { run->num_questions = 12; }},
      {"questions_per_document", [](RunDescription* run) { run->questions_per_document = 5; }},
      {"depths", [](RunDescription* run) { run->depths = {0.1}; }},
      {"haystack", [](RunDescription* run) { run->haystack.reset(); }},
      {"data",
       [](RunDescription* run) {
         run->data = FileIdentity{"d", 1, "c"};
       }},
  };
  for (const auto& [key, change] : changes) {
    RunDescription other = SomeRun();
    change(&other);
    const Status status = ClaimFolder(folder.path(), other);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << key;
    EXPECT_THAT(status.message(), HasSubstr(std::string("run.json: ") + key + " is "));
    EXPECT_THAT(status.message(), HasSubstr("wanted "));
  }
  RunDescription other = SomeRun();
  other.seed = 8;
  EXPECT_THAT(ClaimFolder(folder.path(), other).message(), HasSubstr("seed is 7, wanted 8"));
}

// Those of before there was a choice have no such key, and go on.
TEST(ClaimFolderTest, WrittenAndFedAnswersStayApart) {
  RunDescription fed = SomeRun();
  fed.answer = "fed";
  const testing::TempFolder of_written;
  ASSERT_TRUE(ClaimFolder(of_written.path(), SomeRun()).ok());
  EXPECT_THAT(of_written.Read("run.json"), Not(HasSubstr("answer")));
  EXPECT_THAT(ClaimFolder(of_written.path(), fed).message(),
              HasSubstr("answer is none, wanted \"fed\""));
  const testing::TempFolder of_fed;
  ASSERT_TRUE(ClaimFolder(of_fed.path(), fed).ok());
  EXPECT_TRUE(ClaimFolder(of_fed.path(), fed).ok());
  EXPECT_THAT(ClaimFolder(of_fed.path(), SomeRun()).message(),
              HasSubstr("answer is \"fed\", wanted none"));
}

TEST(ClaimFolderTest, NoJsonIsCorruption) {
  const testing::TempFolder folder;
  for (const char* text : {"", "[]", "{\"seed\": "}) {
    folder.Write("run.json", text);
    EXPECT_EQ(ClaimFolder(folder.path(), SomeRun()).code(), StatusCode::kCorruption) << text;
  }
}

}  // namespace
}  // namespace dynsplit::eval
