// Logits equal libllama's over prose and code. The files under logits/ and their format are made
// and described by make_logits.py.
#include <gtest/gtest.h>

#include <cstdio>
#include <span>
#include <string>

#include "golden/golden_model.h"
#include "support/golden_file.h"

namespace dynsplit::testing {
namespace {

struct Tolerance {
  double mean_divergence = 0;
  double median_divergence = 0;
  double same_top = 0;
};

// Widened, libllama differs from itself (flash attention, KV type) by 4e-6 and in no top token. As
// it is, 8-bit rounding of activations turns any last bit into 4e-3 and 5 % of the top tokens, of
// Gemma 3 into 8e-3 and 6 %.
constexpr Tolerance kWide = {1e-4, 3e-5, 0.99};
constexpr Tolerance kAsItIs = {8e-3, 8e-3, 0.92};
// One token of Gemma 3's prose turns the last bit into 3e-2 to 5e-2, and a little of it reaches the
// tokens after it: on a Zen 5 libllama differs there by 3.1e-2 from itself without flash attention,
// in the mean of all by 1.9e-4.
constexpr Tolerance kWideGemma = {1e-3, 3e-5, 0.99};

const Tolerance& ToleranceOf(const GoldenModel& model) {
  if (!model.wide) return kAsItIs;
  return model.name.starts_with("gemma3") ? kWideGemma : kWide;
}

constexpr size_t kMostRows = 512;

class LogitsGolden : public ::testing::TestWithParam<GoldenModel> {};

void CheckText(const GoldenModel& model, const std::string& text, Engine* engine) {
  const auto golden = ReadGoldenLogits(model.GoldenName() + "-" + text);
  ASSERT_TRUE(golden.ok()) << golden.status().ToString();
  auto session = engine->NewSession(*MethodPreset("full"));
  ASSERT_TRUE(session.ok()) << session.status().ToString();
  // All rows of a long text would take a gigabyte: what is not looked at is read first.
  std::span<const int32_t> tokens = golden->tokens;
  if (tokens.size() > kMostRows) {
    const auto before = tokens.size() - static_cast<size_t>(golden->num_positions);
    ASSERT_TRUE((*session)->Feed(tokens.first(before)).ok());
    tokens = tokens.subspan(before);
  }
  const Status fed = (*session)->Feed(tokens, {.logits = Logits::kAll});
  ASSERT_TRUE(fed.ok()) << fed.ToString();

  const auto vocab_size = static_cast<size_t>(engine->model().description().vocab_size);
  ASSERT_EQ((*session)->logits().size(), tokens.size() * vocab_size);
  const std::span<const float> last =
      (*session)->logits().last(static_cast<size_t>(golden->num_positions) * vocab_size);
  const LogitsAgreement agreement = CompareLogits(*golden, last);
  const Tolerance& tolerance = ToleranceOf(model);
  EXPECT_LT(agreement.mean_divergence, tolerance.mean_divergence) << text;
  EXPECT_LT(agreement.median_divergence, tolerance.median_divergence) << text;
  EXPECT_GE(agreement.same_top, tolerance.same_top) << text;
  std::printf("%s %s: KL divergence %.2e (mean) %.2e (median) %.2e (max), same top token %.2f %%\n",
              model.GoldenName().c_str(), text.c_str(), agreement.mean_divergence,
              agreement.median_divergence, agreement.max_divergence, 100 * agreement.same_top);
}

TEST_P(LogitsGolden, EqualLibllamas) {
  DYNSPLIT_NEED_MODEL(ModelFile(GetParam().name));
  LoadedGoldenModel loaded(GetParam());
  ASSERT_NE(loaded.engine(), nullptr);
  CheckText(GetParam(), "prose", loaded.engine());
  CheckText(GetParam(), "code", loaded.engine());
}

INSTANTIATE_TEST_SUITE_P(Models, LogitsGolden, kGoldenModels, GoldenTestName);
// Behind more tokens than a window holds.
INSTANTIATE_TEST_SUITE_P(Windowed, LogitsGolden,
                         ::testing::Values(GoldenModel{"gemma3-270m", false},
                                           GoldenModel{"gemma3-270m", true}),
                         GoldenTestName);

}  // namespace
}  // namespace dynsplit::testing
