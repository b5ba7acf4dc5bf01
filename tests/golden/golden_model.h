// The models of the golden logits and answers, as they are and widened, and how to load them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "apps/common/profile.h"
#include "dynsplit/engine.h"
#include "support/model_files.h"
#include "support/wide_model.h"

namespace dynsplit::testing {

struct GoldenModel {
  std::string name;
  bool wide = false;  // matrices widened to f16

  std::string GoldenName() const { return wide ? name + "-f16" : name; }
};

inline void PrintTo(const GoldenModel& model, std::ostream* out) { *out << model.GoldenName(); }

// An engine on a golden model, with its profile, and the widened file while it is in use.
class LoadedGoldenModel {
 public:
  explicit LoadedGoldenModel(const GoldenModel& golden) {
    std::string path = ModelFile(golden.name);
    if (golden.wide) {
      Result<WideModel> wide = WideModel::Make(path);
      EXPECT_TRUE(wide.ok()) << wide.status().ToString();
      if (!wide.ok()) return;
      wide_.emplace(*std::move(wide));
      path = wide_->path();
    }
    const auto model = Model::Load(path);
    EXPECT_TRUE(model.ok()) << model.status().ToString();
    if (!model.ok()) return;
    EngineOptions options;
    const std::string profile = DYNSPLIT_SOURCE_DIR "/profiles/" + golden.name + ".json";
    if (std::filesystem::exists(profile)) {
      const auto read = ReadProfile(profile, (*model)->description());
      EXPECT_TRUE(read.ok()) << read.status().ToString();
      if (read.ok()) options.dense_heads = read->DenseHeads();
    }
    auto engine = Engine::Create(*model, options);
    EXPECT_TRUE(engine.ok()) << engine.status().ToString();
    if (engine.ok()) engine_ = *std::move(engine);
  }

  Engine* engine() { return engine_.get(); }  // null where the test has failed already

 private:
  std::optional<WideModel> wide_;
  std::unique_ptr<Engine> engine_;
};

inline std::string GoldenTestName(const ::testing::TestParamInfo<GoldenModel>& model) {
  std::string name;
  for (const char c : model.param.GoldenName()) name += std::isalnum(c) != 0 ? c : '_';
  return name;
}

inline const auto kGoldenModels = ::testing::Values(
    GoldenModel{"smollm2-135m", false}, GoldenModel{"smollm2-135m", true},
    GoldenModel{"qwen2.5-coder-1.5b", false}, GoldenModel{"qwen2.5-coder-1.5b", true});

}  // namespace dynsplit::testing
