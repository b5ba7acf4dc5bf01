#include "apps/eval/continuation.h"

#include <algorithm>
#include <cmath>

#include "engine/engine_fixture.h"

namespace dynsplit::eval {
namespace {

class ContinuationTest : public testing::EngineTest {
 protected:
  void SetUp() override { Load({.num_layers = 4, .context_length = 2048}); }

  // A session under `method` that has read all of tokens_ before `count` more.
  std::unique_ptr<Session> Read(const char* preset, int count) {
    Method method = *MethodPreset(preset);
    method.recent = 8;
    std::unique_ptr<Session> session = NewSession(method);
    const auto before = std::span(tokens_).first(tokens_.size() - static_cast<size_t>(count));
    EXPECT_TRUE(session->Feed(before).ok());
    return session;
  }

  Continuation Last(int count) {
    return Continuation({tokens_.end() - count, tokens_.end()}, VocabSize());
  }

  int64_t VocabSize() const { return engine_->model().tokenizer().size(); }

  const std::vector<int32_t> tokens_ = testing::RandomTokens(1500);
};

// Against the logits of one dense pass over everything, in double precision.
TEST_F(ContinuationTest, NllIsThatOfTheLogits) {
  constexpr int kCount = 150;  // three pieces, the last one short
  const size_t vocab = static_cast<size_t>(VocabSize());
  const auto session = NewSession();
  ASSERT_TRUE(session->Feed(tokens_, {.logits = Logits::kAll}).ok());
  double want = 0;
  for (size_t i = tokens_.size() - kCount; i < tokens_.size(); ++i) {
    const auto row = session->logits().subspan((i - 1) * vocab, vocab);
    double sum = 0;
    for (const float logit : row) sum += std::exp(static_cast<double>(logit));
    want += std::log(sum) - static_cast<double>(row[static_cast<size_t>(tokens_[i])]);
  }
  Continuation continuation = Last(kCount);
  const auto score = continuation.Score(Read("full", kCount).get(), nullptr);
  ASSERT_TRUE(score.ok()) << score.status().ToString();
  EXPECT_NEAR(score->nll, want / kCount, 1e-3);
}

// Steps that look at the blocks of another see other tokens than rows that look for their own.
TEST_F(ContinuationTest, StepByStepSharesBlocks) {
  Continuation continuation = Last(100);
  ASSERT_TRUE(continuation.Score(Read("full", 100).get(), nullptr).ok());
  const auto kl = [&](int reuse, Pace pace) {
    const auto session = Read("dynsplit", 100);
    Method method = session->method();
    method.budget = {.tokens = 160};
    method.refine = 2;
    method.reuse = reuse;
    method.cosine = -1;
    EXPECT_TRUE(session->SetMethod(method).ok());
    const auto score = continuation.Score(session.get(), nullptr, pace);
    EXPECT_TRUE(score.ok()) << score.status().ToString();
    return score->kl;
  };
  const double apart = kl(1, Pace::kTogether);
  EXPECT_NEAR(kl(1, Pace::kStepByStep), apart, 0.01 * apart);
  EXPECT_DOUBLE_EQ(kl(16, Pace::kTogether), apart);
  EXPECT_GT(std::abs(kl(16, Pace::kStepByStep) - apart), 0.02 * apart);
}

TEST_F(ContinuationTest, DivergenceIsFromTheFirstSession) {
  Continuation continuation = Last(100);
  const auto first = continuation.Score(Read("full", 100).get(), nullptr);
  const auto again = continuation.Score(Read("full", 100).get(), nullptr);
  const auto recent = continuation.Score(Read("recent", 100).get(), nullptr);
  ASSERT_TRUE(first.ok() && again.ok() && recent.ok());
  EXPECT_EQ(first->kl, 0);
  EXPECT_EQ(first->same_top, 1);
  EXPECT_NEAR(again->kl, 0, 1e-6);
  EXPECT_DOUBLE_EQ(again->nll, first->nll);
  EXPECT_GT(recent->kl, 1e-3);
  EXPECT_LT(recent->same_top, 1);
  EXPECT_NE(recent->nll, first->nll);
}

TEST_F(ContinuationTest, OneTokenNeedsNoReading) {
  Continuation continuation = Last(1);
  const auto session = Read("full", 1);
  const auto score = continuation.Score(session.get(), nullptr);
  ASSERT_TRUE(score.ok());
  EXPECT_GT(score->nll, 0);
  EXPECT_EQ(session->tokens().size(), tokens_.size() - 1);
}

TEST_F(ContinuationTest, LongOnesAreCut) {
  Load({.num_layers = 1}, {.threads = 1, .context_tokens = 4096});
  const std::vector<int32_t> tokens = testing::RandomTokens(kMaxScoredTokens + 500);
  Continuation continuation(tokens, VocabSize());
  const auto session = NewSession(*MethodPreset("full"));
  ASSERT_TRUE(session->Feed(std::span(tokens).first(1)).ok());
  ASSERT_TRUE(continuation.Score(session.get(), nullptr).ok());
  EXPECT_EQ(static_cast<int64_t>(session->tokens().size()), kMaxScoredTokens);
}

TEST_F(ContinuationTest, CancelAndFullContextAreErrors) {
  const std::atomic<bool> cancel = true;
  EXPECT_EQ(Last(100).Score(Read("full", 100).get(), &cancel).status().code(),
            StatusCode::kCancelled);
  Continuation continuation(testing::RandomTokens(900), VocabSize());
  EXPECT_EQ(continuation.Score(Read("full", 100).get(), nullptr).status().code(),
            StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace dynsplit::eval
