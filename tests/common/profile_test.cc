#include "apps/common/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "apps/common/write_file.h"
#include "base/file.h"
#include "support/temp_file.h"

namespace dynsplit {
namespace {

using ::testing::HasSubstr;

ModelDescription TinyModel() {
  ModelDescription model;
  model.name = "tiny";
  model.num_layers = 28;
  model.num_kv_heads = 2;
  return model;
}

const ModelDescription kModel = TinyModel();

class ProfileTest : public ::testing::Test {
 protected:
  static Profile Example() {
    return {.model = "tiny",
            .num_layers = 28,
            .num_kv_heads = 2,
            .divergence = 0.25,
            .heads = {{{7, 0}, 0.125}, {{5, 1}, 0.0625}},
            .method = "dynsplit+budget=3%",
            .texts = {"prose.txt"},
            .context_tokens = 4096,
            .passages = 16};
  }

  // What reading says of `text`.
  Status Read(const std::string& text) {
    EXPECT_TRUE(WriteFile(path_, text).ok());
    return ReadProfile(path_, kModel).status();
  }

  const testing::TempFile file_{""};
  const std::string path_ = file_.path();
};

TEST_F(ProfileTest, IsReadAsItWasWritten) {
  ASSERT_TRUE(WriteProfile(path_, Example()).ok());
  const auto profile = ReadProfile(path_, kModel);
  ASSERT_TRUE(profile.ok()) << profile.status().ToString();
  EXPECT_EQ(profile->DenseHeads(), (std::vector<LayerHead>{{7, 0}, {5, 1}}));
  EXPECT_EQ(profile->divergence, 0.25);
  EXPECT_EQ(profile->heads[1].divergence, 0.0625);
  EXPECT_EQ(profile->method, "dynsplit+budget=3%");
  EXPECT_EQ(profile->texts, std::vector<std::string>{"prose.txt"});
  EXPECT_EQ(profile->context_tokens, 4096);
  EXPECT_EQ(profile->passages, 16);
}

TEST_F(ProfileTest, StandsBesideTheModel) {
  EXPECT_EQ(ProfilePath("/a/model.gguf"), "/a/model.profile.json");
  EXPECT_EQ(ProfilePath("model"), "model.profile.json");
}

TEST_F(ProfileTest, MissingIsNotFound) {
  EXPECT_EQ(ReadProfile("/nowhere/x.json", kModel).status().code(), StatusCode::kNotFound);
}

TEST_F(ProfileTest, WhatIsNoProfileIsCorrupt) {
  ASSERT_TRUE(WriteProfile(path_, Example()).ok());
  const std::string good = *ReadFile(path_, 10000);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  for (const std::string& wrong :
       {std::string(), std::string("[]"), std::string("{}"), good.substr(0, good.size() / 2),
        with("\"dynsplit_profile\": 1", "\"dynsplit_profile\": 2"),
        with("\"layers\": 28", "\"layers\": \"28\""), with("\"layer\": 7", "\"layer\": 28"),
        with("\"layer\": 7", "\"layer\": 4294967303"), with("\"layer\": 7", "\"layer\": 7.5"),
        with("\"layer\": 7", "\"layer\": -1"), with("\"layer\": 7", "\"layer\": true"),
        with("\"layer\": 5,\n      \"kv_head\": 1", "\"layer\": 7,\n      \"kv_head\": 0"),
        with("\"kv_head\"", "\"head\""), with("\"dense_heads\"", "\"heads\"")}) {
    const Status status = Read(wrong);
    EXPECT_EQ(status.code(), StatusCode::kCorruption) << wrong;
    EXPECT_THAT(status.message(), HasSubstr(path_));
  }
}

TEST_F(ProfileTest, IsFoundByNameOrBesideTheModel) {
  const std::string model = ::testing::TempDir() + "profile_test_model.gguf";
  EXPECT_FALSE(FindDenseHeads("", model, kModel)->has_value());
  EXPECT_EQ(FindDenseHeads("/nowhere/x", model, kModel).status().code(), StatusCode::kNotFound);
  Profile profile = Example();
  profile.heads.clear();
  ASSERT_TRUE(WriteProfile(ProfilePath(model), profile).ok());
  EXPECT_TRUE(FindDenseHeads("", model, kModel)->value().empty());  // known: none are needed
  EXPECT_FALSE(FindDenseHeads("none", model, kModel)->has_value());
  std::filesystem::remove(ProfilePath(model));
}

TEST_F(ProfileTest, OfAnotherModelIsRefused) {
  Profile profile = Example();
  profile.num_layers = 30;
  ASSERT_TRUE(WriteProfile(path_, profile).ok());
  const Status status = ReadProfile(path_, kModel).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("30 layers of 2 KV heads; wanted one of tiny, 28 of 2"));
}

}  // namespace
}  // namespace dynsplit
