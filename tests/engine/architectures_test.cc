// Whole models of each architecture: against libllama's logits, and Llama's and Qwen2's against a
// reference in double precision too. The golden files are made by
// tests/golden/make_architectures.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "engine_fixture.h"
#include "support/golden_file.h"
#include "support/reference_model.h"
#include "support/tiny_architectures.h"

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
        TinyModelOptions{.architecture = "llama", .value_dim = 48},
        TinyModelOptions{.architecture = "llama", .num_layers = 3, .last_kv_heads = 1},
        TinyModelOptions{
            .architecture = "llama", .last_kv_heads = 4, .head_dim = 48, .value_dim = 16},
        TinyModelOptions{.architecture = "qwen2"},
        TinyModelOptions{
            .architecture = "qwen2", .num_layers = 3, .num_kv_heads = 1, .tied = false}));

// How many tokens a pass takes: all, or uneven chunks, or one.
class TinyArchitectureTest
    : public ::testing::TestWithParam<std::tuple<TinyArchitecture, int /* tokens of a pass */>> {};

TEST_P(TinyArchitectureTest, LogitsEqualLibllamas) {
  const auto& [architecture, pass_tokens] = GetParam();
  const auto golden = ReadGoldenLogits("tiny-" + architecture.name);
  ASSERT_TRUE(golden.ok()) << golden.status().ToString();
  const TempFile file(architecture.Make().Build());
  auto model = Model::Load(file.path());
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  auto engine =
      Engine::Create(*model, {.threads = 1, .context_tokens = architecture.context_tokens});
  ASSERT_TRUE(engine.ok()) << engine.status().ToString();
  auto session = (*engine)->NewSession(*MethodPreset("full"));
  ASSERT_TRUE(session.ok()) << session.status().ToString();
  std::vector<float> logits;
  std::span<const int32_t> rest = golden->tokens;
  while (!rest.empty()) {
    const auto count = std::min(rest.size(), static_cast<size_t>(pass_tokens));
    const Status fed = (*session)->Feed(rest.first(count), {.logits = Logits::kAll});
    ASSERT_TRUE(fed.ok()) << fed.ToString();
    logits.insert(logits.end(), (*session)->logits().begin(), (*session)->logits().end());
    rest = rest.subspan(count);
  }
  const LogitsAgreement agreement = CompareLogits(*golden, logits);
  EXPECT_LT(agreement.mean_divergence, architecture.most_divergence);
  EXPECT_LT(agreement.largest_loss, architecture.most_loss);
}

INSTANTIATE_TEST_SUITE_P(Models, TinyArchitectureTest,
                         ::testing::Combine(::testing::ValuesIn(TinyArchitectures()),
                                            ::testing::Values(128, 37, 1)),
                         [](const auto& test) {
                           std::string name = std::get<0>(test.param).name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name + "_" + std::to_string(std::get<1>(test.param));
                         });

}  // namespace
}  // namespace dynsplit::testing
