#include "dynsplit/sampler.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace dynsplit {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::map<int32_t, int> Draws(const SamplerOptions& options, const std::vector<float>& logits,
                             int count = 4000) {
  Sampler sampler(options);
  std::map<int32_t, int> drawn;
  for (int i = 0; i < count; ++i) ++drawn[sampler.Sample(logits, {})];
  return drawn;
}

std::set<int32_t> Tokens(const std::map<int32_t, int>& drawn) {
  std::set<int32_t> tokens;
  for (const auto& [token, count] : drawn) tokens.insert(token);
  return tokens;
}

TEST(ArgmaxTest, LowestOfEqualsAndOnlyFinite) {
  EXPECT_EQ(Argmax(std::vector<float>{1, 3, 3, 2}), 1);
  EXPECT_EQ(Argmax(std::vector<float>{kNan, -5, kInf, -4, -kInf}), 3);
  EXPECT_EQ(Argmax(std::vector<float>{kNan, -kInf}), 0);
  EXPECT_EQ(Argmax(std::vector<float>{}), 0);
}

TEST(SamplerTest, GreedyTakesTheLargest) {
  SamplerOptions options;
  options.top_k = 1;
  options.seed = 7;
  EXPECT_EQ(Draws(options, {0, 1, 5, 4.9f}, 10), (std::map<int32_t, int>{{2, 10}}));
}

TEST(SamplerTest, SharesFollowTheTemperature) {
  SamplerOptions options;
  options.temperature = 1;
  const std::vector<float> logits = {0, std::log(3.0f)};
  EXPECT_NEAR(Draws(options, logits)[1], 3000, 120);  // 4 standard deviations
  options.temperature = 2;                            // shares 1 : sqrt(3)
  EXPECT_NEAR(Draws(options, logits)[1], 4000 * 0.634, 125);
  options.temperature = 0.01f;
  EXPECT_EQ(Draws(options, logits)[1], 4000);
}

TEST(SamplerTest, SameSeedSameTokens) {
  SamplerOptions options;
  options.temperature = 1;
  options.seed = 42;
  const std::vector<float> logits = {1, 1, 1, 1, 1, 1, 1, 1};
  // Literal values: they are the same on every machine.
  Sampler sampler(options);
  std::vector<int32_t> tokens;
  for (int i = 0; i < 8; ++i) tokens.push_back(sampler.Sample(logits, {}));
  Sampler again(options);
  for (const int32_t token : tokens) EXPECT_EQ(again.Sample(logits, {}), token);
  EXPECT_EQ(tokens, (std::vector<int32_t>{5, 7, 6, 3, 1, 1, 5, 6}));
}

// Passes of other sizes round otherwise.
TEST(SamplerTest, LastBitsOfLogitsRarelyMatter) {
  SamplerOptions options;
  options.temperature = 1;
  Sampler one(options), other(options);
  std::vector<float> logits, nearly;
  for (int i = 0; i < 200; ++i) {
    logits.push_back(0.03f * static_cast<float>(i * 37 % 200));
    nearly.push_back(logits.back() * (1 + 1e-6f * static_cast<float>(i % 3)));
  }
  int different = 0;
  for (int i = 0; i < 1000; ++i) {
    different += one.Sample(logits, {}) == other.Sample(nearly, {}) ? 0 : 1;
  }
  EXPECT_LE(different, 5);
}

TEST(SamplerTest, TopKKeepsTheLikeliest) {
  SamplerOptions options;
  options.temperature = 1;
  options.top_k = 2;
  EXPECT_EQ(Tokens(Draws(options, {0, 2, 1.9f, 1, 2})), (std::set<int32_t>{1, 4}));
  options.top_k = 100;
  EXPECT_EQ(Tokens(Draws(options, {0, 0.5f})), (std::set<int32_t>{0, 1}));
}

TEST(SamplerTest, TopPKeepsTheSmallestSet) {
  SamplerOptions options;
  options.temperature = 1;
  const std::vector<float> logits = {std::log(0.1f), std::log(0.6f), std::log(0.3f)};
  options.top_p = 0.55f;
  EXPECT_EQ(Tokens(Draws(options, logits)), (std::set<int32_t>{1}));
  options.top_p = 0.85f;
  EXPECT_EQ(Tokens(Draws(options, logits)), (std::set<int32_t>{1, 2}));
  options.top_p = 0.95f;
  EXPECT_EQ(Tokens(Draws(options, logits)), (std::set<int32_t>{0, 1, 2}));
}

TEST(SamplerTest, MinPDropsTheUnlikely) {
  SamplerOptions options;
  options.temperature = 1;
  options.min_p = 0.4f;
  const std::vector<float> logits = {std::log(0.1f), std::log(0.6f), std::log(0.3f)};
  EXPECT_EQ(Tokens(Draws(options, logits)), (std::set<int32_t>{1, 2}));
  options.min_p = 1;
  EXPECT_EQ(Tokens(Draws(options, logits)), (std::set<int32_t>{1}));
}

TEST(SamplerTest, PenaltyActsOncePerRecentToken) {
  SamplerOptions options;
  options.repetition_penalty = 2;
  options.penalty_tokens = 3;
  Sampler sampler(options);
  const std::vector<float> logits = {3, 4, 2.5f};
  EXPECT_EQ(sampler.Sample(logits, {}), 1);
  EXPECT_EQ(sampler.Sample(logits, std::vector<int32_t>{1}), 0);
  EXPECT_EQ(sampler.Sample(logits, std::vector<int32_t>{0, 0, 1}), 2);
  EXPECT_EQ(sampler.Sample(logits, std::vector<int32_t>{1, 2, 2, 2}), 1);  // 1 is too old
  EXPECT_EQ(sampler.Sample(std::vector<float>{-1, -1.5f}, std::vector<int32_t>{0}), 1);
  EXPECT_EQ(sampler.Sample(logits, std::vector<int32_t>{-1, 99}), 1);  // not of this vocabulary
}

TEST(SamplerTest, NotFiniteIsImpossible) {
  SamplerOptions options;
  options.temperature = 100;
  EXPECT_EQ(Tokens(Draws(options, {kNan, 1, kInf, -kInf, 1}, 200)), (std::set<int32_t>{1, 4}));
  EXPECT_EQ(Tokens(Draws(options, {kNan, kInf}, 3)), (std::set<int32_t>{0}));
  EXPECT_EQ(Tokens(Draws(options, {}, 3)), (std::set<int32_t>{0}));
}

TEST(ValidateSamplerTest, NamesTheField) {
  EXPECT_TRUE(ValidateSampler({}).ok());
  const auto message = [](auto change) {
    SamplerOptions options;
    change(&options);
    const Status status = ValidateSampler(options);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    return status.message();
  };
  using Options = SamplerOptions;
  EXPECT_NE(message([](Options* o) { o->temperature = -1; }).find("temperature"), -1u);
  EXPECT_NE(message([](Options* o) { o->temperature = kNan; }).find("temperature"), -1u);
  EXPECT_NE(message([](Options* o) { o->top_k = -1; }).find("top_k"), -1u);
  EXPECT_NE(message([](Options* o) { o->top_p = 0; }).find("top_p"), -1u);
  EXPECT_NE(message([](Options* o) { o->min_p = 1.5f; }).find("min_p"), -1u);
  EXPECT_NE(message([](Options* o) { o->repetition_penalty = 0; }).find("repetition"), -1u);
  EXPECT_NE(message([](Options* o) { o->penalty_tokens = -1; }).find("penalty_tokens"), -1u);
}

// Whatever the options and logits, the token is one that can be drawn.
RC_GTEST_PROP(SamplerProperty, DrawsAFiniteToken, ()) {
  SamplerOptions options;
  options.temperature = static_cast<float>(*rc::gen::inRange(1, 1000)) / 100;
  options.top_k = *rc::gen::inRange(0, 5);
  options.top_p = static_cast<float>(*rc::gen::inRange(1, 101)) / 100;
  options.min_p = static_cast<float>(*rc::gen::inRange(0, 101)) / 100;
  options.repetition_penalty = static_cast<float>(*rc::gen::inRange(1, 50)) / 10;
  options.seed = *rc::gen::arbitrary<uint64_t>();
  RC_ASSERT(ValidateSampler(options).ok());
  const auto logits =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<float>>(rc::gen::arbitrary<float>()));
  const auto tokens = *rc::gen::container<std::vector<int32_t>>(rc::gen::inRange(0, 8));
  const int32_t token = Sampler(options).Sample(logits, tokens);
  RC_ASSERT(token >= 0 && static_cast<size_t>(token) < logits.size());
  RC_ASSERT(std::isfinite(logits[static_cast<size_t>(token)]));
}

}  // namespace
}  // namespace dynsplit
