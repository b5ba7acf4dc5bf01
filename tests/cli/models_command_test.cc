#include <filesystem>
#include <fstream>

#include "apps/common/known_models.h"
#include "cli/cli_fixture.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;

TEST(ModelsCommandTest, SaysHowToGetWhatIsMissing) {
  const ProcessResult result =
      RunDynsplit({"models"}, {.variables = {"DYNSPLIT_MODELS=/no/models"}});
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, HasSubstr("smollm2-135m"));
  EXPECT_THAT(result.out, HasSubstr("missing"));
  EXPECT_THAT(result.out, HasSubstr("dynsplit models --get smollm2-135m"));
  EXPECT_EQ(result.err, "");
}

TEST(ModelsCommandTest, NoticesAFileThatIsNotWhole) {
  const std::string folder = ::testing::TempDir() + "/dynsplit_models_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/smollm2-135m.gguf") << "a beginning";
  const ProcessResult result =
      RunDynsplit({"models"}, {.variables = {"DYNSPLIT_MODELS=" + folder}});
  std::filesystem::remove_all(folder);
  EXPECT_THAT(result.out, HasSubstr("wrong size"));
}

TEST(ModelsCommandTest, GetsOnlyWhatIsKnown) {
  const ProcessResult result = RunDynsplit({"models", "--get", "gpt-5"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("no model 'gpt-5'"));
  EXPECT_THAT(result.err, HasSubstr("smollm2-135m"));
}

// A model of the right size with other bytes; tests/scripts/get_model_test.sh has the rest.
TEST(ModelsCommandTest, GetChecksWhatIsHere) {
  const std::string folder = ::testing::TempDir() + "/dynsplit_models_get_test";
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/smollm2-135m.gguf";
  std::ofstream(path) << "GGUF";
  for (const KnownModel& model : KnownModels()) {
    if (model.name == "smollm2-135m") {
      std::filesystem::resize_file(path, static_cast<uintmax_t>(model.size_bytes));  // a hole
    }
  }
  const ProcessResult result = RunDynsplit({"models", "--get", "smollm2-135m"},
                                           {.variables = {"DYNSPLIT_MODELS=" + folder}});
  std::filesystem::remove_all(folder);
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, ::testing::StartsWith("dynsplit: "));
  EXPECT_THAT(result.err, HasSubstr("sha256 is"));
}

}  // namespace
}  // namespace dynsplit::testing
