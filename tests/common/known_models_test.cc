#include "apps/common/known_models.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "support/temp_file.h"

namespace dynsplit {
namespace {

// The variables that say where models are, as they are to be for one test.
class KnownModelsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"DYNSPLIT_MODELS", "DYNSPLIT_CACHE", "XDG_CACHE_HOME"}) unsetenv(name);
    setenv("HOME", "/home/somebody", 1);
  }
};

TEST_F(KnownModelsTest, FolderByTheVariables) {
  EXPECT_EQ(ModelsFolder(), "/home/somebody/.cache/dynsplit/models");
  setenv("XDG_CACHE_HOME", "/xdg", 1);
  EXPECT_EQ(ModelsFolder(), "/xdg/dynsplit/models");
  setenv("DYNSPLIT_CACHE", "/cache", 1);
  EXPECT_EQ(ModelsFolder(), "/cache/models");
  setenv("DYNSPLIT_MODELS", "", 1);  // empty: as if it were not set
  EXPECT_EQ(ModelsFolder(), "/cache/models");
  setenv("DYNSPLIT_MODELS", "/models", 1);
  EXPECT_EQ(ModelsFolder(), "/models");
  EXPECT_EQ(KnownModelPath("x"), "/models/x.gguf");
}

TEST_F(KnownModelsTest, TheTableIsRead) {
  ASSERT_FALSE(KnownModels().empty());
  EXPECT_EQ(KnownModels()[0].name, "smollm2-135m");
  for (const KnownModel& model : KnownModels()) {
    EXPECT_GT(model.size_bytes, 0);
    EXPECT_EQ(model.sha256.size(), 64u);
    EXPECT_FALSE(model.description.empty());
  }
}

TEST_F(KnownModelsTest, FindsPathsAndNames) {
  const testing::TempFile file("x");
  EXPECT_EQ(*FindModel(file.path()), file.path());
  EXPECT_EQ(FindModel("/").status().code(), StatusCode::kInvalidArgument);
  const Status missing = FindModel("smollm2-135m").status();
  EXPECT_EQ(missing.code(), StatusCode::kNotFound);
  EXPECT_NE(missing.message().find("dynsplit models --get smollm2-135m"), std::string::npos);
  const Status unknown = FindModel("nothing").status();
  EXPECT_EQ(unknown.code(), StatusCode::kNotFound);
  EXPECT_NE(unknown.message().find("smollm2-135m"), std::string::npos);
}

}  // namespace
}  // namespace dynsplit
