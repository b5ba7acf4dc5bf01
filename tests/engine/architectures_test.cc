// Whole models against the reference in double precision, for each architecture.
#include <gtest/gtest.h>

#include <cmath>

#include "engine_fixture.h"
#include "support/reference_model.h"

namespace dynsplit::testing {
namespace {

class ArchitectureTest : public ::testing::TestWithParam<TinyModelOptions> {};

TEST_P(ArchitectureTest, LogitsEqualTheReference) {
  const TempFile file(TinyModel(GetParam()).Build());
  const std::vector<int32_t> tokens = RandomTokens(70, 4);
  auto weights = Weights::Load(file.path());
  ASSERT_TRUE(weights.ok()) << weights.status().ToString();
  const auto want = ReferenceLogits(**weights, tokens);

  auto model = Model::Load(file.path());
  ASSERT_TRUE(model.ok());
  auto engine = Engine::Create(*model, {.threads = 2, .batch_tokens = 48});
  ASSERT_TRUE(engine.ok());
  auto session = (*engine)->NewSession();
  ASSERT_TRUE((*session)->Feed(tokens, {.logits = Logits::kAll}).ok());
  const std::span<const float> got = (*session)->logits();
  ASSERT_EQ(got.size(), want.size() * want[0].size());
  double largest = 0;
  for (size_t row = 0; row < want.size(); ++row) {
    for (size_t i = 0; i < want[row].size(); ++i) {
      largest = std::max(largest, std::abs(want[row][i]));
      // Keys and values are kept in f16, whose rounding is 5e-4 of a value.
      ASSERT_NEAR(got[row * want[row].size() + i], want[row][i], 4e-3) << row << " " << i;
    }
  }
  EXPECT_GT(largest, 0.5);  // there was something to get wrong
}

INSTANTIATE_TEST_SUITE_P(
    Models, ArchitectureTest,
    ::testing::Values(
        TinyModelOptions{.architecture = "llama"},
        TinyModelOptions{.architecture = "llama", .num_layers = 5, .tied = false},
        TinyModelOptions{
            .architecture = "llama", .num_heads = 6, .num_kv_heads = 2, .head_dim = 32},
        TinyModelOptions{.architecture = "llama", .num_kv_heads = 4},
        TinyModelOptions{.architecture = "qwen2"},
        TinyModelOptions{
            .architecture = "qwen2", .num_layers = 3, .num_kv_heads = 1, .tied = false}));

}  // namespace
}  // namespace dynsplit::testing
