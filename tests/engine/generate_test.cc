#include "dynsplit/generate.h"

#include "engine/engine_fixture.h"

namespace dynsplit::testing {
namespace {

class GenerateTest : public EngineTest {
 protected:
  const Tokenizer& tokenizer() { return engine_->model().tokenizer(); }

  std::unique_ptr<Session> Prompted(int count = 20) {
    auto session = NewSession();
    EXPECT_TRUE(session->Feed(RandomTokens(count)).ok());
    return session;
  }
};

GenerateOptions Drawn(int64_t max_tokens) {
  GenerateOptions options;
  options.max_tokens = max_tokens;
  options.ignore_end = true;
  options.sampler.temperature = 1;
  return options;
}

TEST_F(GenerateTest, GreedyIsTheArgmaxOfEachStep) {
  auto session = Prompted();
  GenerateOptions options;
  options.max_tokens = 6;
  options.ignore_end = true;
  const auto answer = Generate(session.get(), tokenizer(), options);
  ASSERT_TRUE(answer.ok()) << answer.status().ToString();
  auto by_hand = Prompted();
  std::vector<int32_t> want;
  for (int i = 0; i < 6; ++i) {
    want.push_back(Argmax(by_hand->logits()));
    ASSERT_TRUE(by_hand->Feed({&want.back(), 1}, {.attention = Attention::kSelected}).ok());
  }
  EXPECT_EQ(answer->tokens, want);
  EXPECT_EQ(answer->stop_reason, StopReason::kLength);
  // The last token is not fed back.
  EXPECT_EQ(answer->decode_steps, 5);
  EXPECT_EQ(session->tokens().size(), 25u);
  EXPECT_GT(answer->decode_seconds, 0);
}

TEST_F(GenerateTest, TextIsWhatWasShown) {
  auto session = Prompted();
  GenerateOptions options = Drawn(60);
  std::string shown;
  options.on_text = [&](std::string_view text) { shown += text; };
  const auto answer = Generate(session.get(), tokenizer(), options);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(shown, answer->text);
  EXPECT_EQ(answer->tokens.size(), 60u);
  Utf8Stream utf8;
  std::string want = utf8.Append(tokenizer().Decode(answer->tokens));
  want += utf8.Finish();
  EXPECT_EQ(answer->text, want);
}

TEST_F(GenerateTest, EachTokenIsToldWithTheLogitsItCameFrom) {
  auto session = Prompted();
  GenerateOptions options;  // greedy
  options.max_tokens = 6;
  options.ignore_end = true;
  std::vector<int32_t> told;
  options.on_token = [&](int32_t token, std::span<const float> logits) {
    told.push_back(token);
    EXPECT_EQ(logits.size(), static_cast<size_t>(tokenizer().size()));
    EXPECT_EQ(Argmax(logits), token);
  };
  const auto answer = Generate(session.get(), tokenizer(), options);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(told, answer->tokens);
}

TEST_F(GenerateTest, SameSeedSameAnswer) {
  const GenerateOptions options = Drawn(30);
  const auto one = Generate(Prompted().get(), tokenizer(), options);
  const auto two = Generate(Prompted().get(), tokenizer(), options);
  GenerateOptions other = options;
  other.sampler.seed = 99;
  const auto three = Generate(Prompted().get(), tokenizer(), other);
  EXPECT_EQ(one->tokens, two->tokens);
  EXPECT_NE(one->tokens, three->tokens);
}

TEST_F(GenerateTest, StopTextEndsTheAnswerAndIsNoPartOfIt) {
  const auto free = Generate(Prompted().get(), tokenizer(), Drawn(60));
  ASSERT_GT(free->text.size(), 12u);
  GenerateOptions options = Drawn(60);
  options.stop = {"never in there, surely", free->text.substr(8, 4)};
  const auto answer = Generate(Prompted().get(), tokenizer(), options);
  EXPECT_EQ(answer->stop_reason, StopReason::kStopText);
  EXPECT_EQ(answer->text, free->text.substr(0, free->text.find(options.stop[1])));
}

// Lets each answer be of "b"s alone, and end after three.
class ThreeBs : public TokenConstraint {
 public:
  bool Mask(std::span<float> logits) override {
    for (size_t i = 0; i < logits.size(); ++i) {
      if (i != 'b' || count_ == 3) logits[i] = -std::numeric_limits<float>::infinity();
    }
    return count_ < 3;
  }
  void Accept(std::string_view bytes) override {
    EXPECT_EQ(bytes, "b");
    ++count_;
  }
  bool complete() const override { return complete_ && count_ == 3; }

  bool complete_ = true;

 private:
  int count_ = 0;
};

TEST_F(GenerateTest, AConstraintHoldsTheAnswerAndEndsIt) {
  auto session = NewSession();
  ASSERT_TRUE(session->Feed(RandomTokens(30)).ok());
  auto fork = session->Fork();
  GenerateOptions options{.ignore_end = true, .constraint = std::make_shared<ThreeBs>()};
  std::vector<float> told;
  options.on_token = [&](int32_t, std::span<const float> logits) { told.push_back(logits[0]); };
  const auto answer = Generate(session.get(), engine_->model().tokenizer(), options);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->text, "bbb");
  EXPECT_EQ(answer->stop_reason, StopReason::kEnd);
  for (const float logit : told) EXPECT_TRUE(std::isfinite(logit));  // the model's own

  auto incomplete = std::make_shared<ThreeBs>();
  incomplete->complete_ = false;
  options.constraint = incomplete;
  const auto cut = Generate(fork.get(), engine_->model().tokenizer(), options);
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut->stop_reason, StopReason::kLength);
}

TEST_F(GenerateTest, EndTokenEndsTheAnswer) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    GenerateOptions options = Drawn(50);
    options.ignore_end = false;
    options.sampler.seed = seed;
    const auto answer = Generate(Prompted().get(), tokenizer(), options);
    ASSERT_TRUE(answer.ok());
    for (const int32_t token : answer->tokens) EXPECT_FALSE(tokenizer().IsEndOfGeneration(token));
    if (answer->stop_reason == StopReason::kEnd) {
      EXPECT_LT(answer->tokens.size(), 50u);
      return;
    }
  }
  FAIL() << "no answer of 200 met the end token";
}

TEST_F(GenerateTest, FullContextEndsTheAnswer) {
  Load(TinyModelOptions{.num_layers = 4}, {.threads = 2, .context_tokens = 24});
  auto session = Prompted(20);
  const auto answer = Generate(session.get(), tokenizer(), Drawn(100));
  ASSERT_TRUE(answer.ok()) << answer.status().ToString();
  EXPECT_EQ(answer->stop_reason, StopReason::kContext);
  // Four more fit, and the last logits give one that need not be read.
  EXPECT_EQ(answer->tokens.size(), 5u);
  EXPECT_EQ(session->tokens().size(), 24u);
}

TEST_F(GenerateTest, CancelKeepsWhatWasWritten) {
  auto session = Prompted();
  std::atomic<bool> cancel = false;
  GenerateOptions options = Drawn(1000);
  options.cancel = &cancel;
  int pieces = 0;
  options.on_text = [&](std::string_view) { cancel = ++pieces == 3; };
  const auto answer = Generate(session.get(), tokenizer(), options);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->stop_reason, StopReason::kCancelled);
  EXPECT_LT(answer->tokens.size(), 1000u);
  EXPECT_FALSE(answer->text.empty());
  // Nothing at all where it was set before.
  cancel = true;
  EXPECT_TRUE(Generate(session.get(), tokenizer(), options)->tokens.empty());
}

TEST_F(GenerateTest, RefusesWhatCannotBe) {
  auto session = NewSession();
  EXPECT_EQ(Generate(session.get(), tokenizer(), {}).status().code(), StatusCode::kInvalidArgument);
  session = Prompted();
  EXPECT_EQ(Generate(session.get(), tokenizer(), {.max_tokens = -1}).status().code(),
            StatusCode::kInvalidArgument);
  GenerateOptions options;
  options.sampler.top_p = 0;
  EXPECT_EQ(Generate(session.get(), tokenizer(), options).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_TRUE(Generate(session.get(), tokenizer(), {.max_tokens = 0})->text.empty());
}

TEST(StopReasonTest, Names) {
  EXPECT_EQ(StopReasonName(StopReason::kEnd), "end");
  EXPECT_EQ(StopReasonName(StopReason::kLength), "length");
  EXPECT_EQ(StopReasonName(StopReason::kStopText), "stop");
  EXPECT_EQ(StopReasonName(StopReason::kContext), "context");
  EXPECT_EQ(StopReasonName(StopReason::kCancelled), "cancelled");
}

}  // namespace
}  // namespace dynsplit::testing
