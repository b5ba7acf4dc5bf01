#include <filesystem>
#include <fstream>

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

}  // namespace
}  // namespace dynsplit::testing
