// Greedy answers equal libllama's, but for near ties. The files under greedy/ and their format are
// made and described by make_greedy.py.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dynsplit/sampler.h"
#include "golden/golden_model.h"
#include "support/golden_file.h"

namespace dynsplit::testing {
namespace {

// A choice may differ where libllama's two best logits are closer than this. As it is, 8-bit
// rounding of activations moves logits by more: libllama with and without flash attention differs
// first at gaps of up to 0.34.
constexpr float kWideTie = 0.05f;
constexpr float kAsItIsTie = 0.6f;
constexpr int kMinEqual = 8;  // of 10; widened

class GreedyGolden : public ::testing::TestWithParam<GoldenModel> {};

using GoldenAnswers = std::span<const GoldenAnswer>;

// A sequence for each prompt, read.
std::vector<std::unique_ptr<Session>> ReadPrompts(GoldenAnswers answers, Engine* engine) {
  std::vector<std::unique_ptr<Session>> sessions;
  for (const GoldenAnswer& golden : answers) {
    auto session = engine->NewSession(*MethodPreset("full"));
    EXPECT_TRUE(session.ok()) << session.status().ToString();
    const Status fed = (*session)->Feed(golden.prompt);
    EXPECT_TRUE(fed.ok()) << fed.ToString();
    sessions.push_back(*std::move(session));
  }
  return sessions;
}

// The first step at which each answer differs, if any. They are written side by side: one pass a
// step, which is also how the engine serves several sequences.
std::vector<std::optional<size_t>> FirstDifferences(GoldenAnswers answers, Engine* engine) {
  const auto sessions = ReadPrompts(answers, engine);
  std::vector<std::optional<size_t>> differences(answers.size());
  for (size_t step = 0;; ++step) {
    std::vector<BatchItem> items;
    for (size_t i = 0; i < answers.size(); ++i) {
      if (differences[i] || step >= answers[i].answer.size()) continue;
      const int32_t& wanted = answers[i].answer[step];
      if (Argmax(sessions[i]->logits()) != wanted) {
        differences[i] = step;
      } else if (step + 1 < answers[i].answer.size()) {
        items.push_back({.session = sessions[i].get(),
                         .tokens = {&wanted, 1},
                         .attention = Attention::kSelected});
      }
    }
    if (items.empty()) return differences;
    const Status run = engine->Run(items);
    EXPECT_TRUE(run.ok()) << run.ToString();
    if (!run.ok()) return differences;
  }
}

TEST_P(GreedyGolden, EqualLibllamasButForNearTies) {
  DYNSPLIT_NEED_MODEL(ModelFile(GetParam().name));
  const auto answers = ReadGoldenAnswers(GetParam().GoldenName());
  ASSERT_TRUE(answers.ok()) << answers.status().ToString();
  ASSERT_EQ(answers->size(), 10u);
  LoadedGoldenModel loaded(GetParam());
  ASSERT_NE(loaded.engine(), nullptr);
  // The first one alone: a pass of one row has products of its own.
  auto differences = FirstDifferences(GoldenAnswers(*answers).first(1), loaded.engine());
  for (const auto& step : FirstDifferences(GoldenAnswers(*answers).subspan(1), loaded.engine())) {
    differences.push_back(step);
  }
  int equal = 0;
  for (size_t i = 0; i < answers->size(); ++i) {
    const std::optional<size_t> step = differences[i];
    if (!step) {
      ++equal;
      continue;
    }
    const float gap = (*answers)[i].gaps[*step];
    std::printf("prompt %zu differs first at step %zu, where the gap is %.3f\n", i, *step, gap);
    EXPECT_LT(gap, GetParam().wide ? kWideTie : kAsItIsTie) << "prompt " << i << " step " << *step;
  }
  std::printf("%d of %zu answers equal\n", equal, answers->size());
  if (GetParam().wide) {
    EXPECT_GE(equal, kMinEqual);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GreedyGolden, kGoldenModels, GoldenTestName);
INSTANTIATE_TEST_SUITE_P(Windowed, GreedyGolden,
                         ::testing::Values(GoldenModel{"gemma3-270m", false},
                                           GoldenModel{"gemma3-270m", true}),
                         GoldenTestName);

}  // namespace
}  // namespace dynsplit::testing
