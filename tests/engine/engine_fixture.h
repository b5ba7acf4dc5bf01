// A tiny model on disk, loaded, and an engine for it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/rng.h"
#include "dynsplit/engine.h"
#include "support/temp_file.h"
#include "support/tiny_model.h"

namespace dynsplit::testing {

inline std::vector<int32_t> RandomTokens(int count, uint64_t seed = 1) {
  Rng rng(seed);
  std::vector<int32_t> tokens;
  for (int i = 0; i < count; ++i) tokens.push_back(static_cast<int32_t>(rng.Below(270)));
  return tokens;
}

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override { Load(TinyModelOptions{.num_layers = 4}); }

  void Load(const TinyModelOptions& model_options, EngineOptions options = {.threads = 1}) {
    engine_.reset();
    const TempFile file(TinyModel(model_options).Build());
    auto model = Model::Load(file.path());
    ASSERT_TRUE(model.ok()) << model.status().ToString();
    auto engine = Engine::Create(*model, options);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = *std::move(engine);
  }

  std::unique_ptr<Session> NewSession(const Method& method = {}) {
    auto session = engine_->NewSession(method);
    EXPECT_TRUE(session.ok()) << session.status().ToString();
    return *std::move(session);
  }

  static void ExpectNear(std::span<const float> got, std::span<const float> want,
                         float tolerance = 2e-3f) {
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], tolerance) << i;
  }

  std::unique_ptr<Engine> engine_;
};

}  // namespace dynsplit::testing
