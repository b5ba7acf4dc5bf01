#include "apps/eval/cohort.h"

#include <gmock/gmock.h>

#include <map>

#include "engine/engine_fixture.h"

namespace dynsplit::eval {
namespace {

using ::dynsplit::testing::RandomTokens;

class CohortTest : public testing::EngineTest {
 protected:
  void SetUp() override { Load({.num_layers = 4}, {.threads = 2, .batch_tokens = 48}); }

  std::unique_ptr<Session> Read(const std::string& method = "dynsplit") {
    Method made = *MethodPreset(method);
    made.budget = {.tokens = 16};
    made.recent = 8;
    auto session = NewSession(made);
    EXPECT_TRUE(session->Feed(document_).ok());
    return session;
  }

  // The answer to `question` of its number of tokens goes to answers_[name].
  Candidate Asking(const std::string& name, const Session& read, std::vector<int32_t> question,
                   Attention attention = Attention::kSelected) {
    return {.session = read.Fork(),
            .question = std::move(question),
            .attention = attention,
            .options = options_,
            .on_answer = [this, name](const Session& session, const Generation& answer) {
              EXPECT_TRUE(answers_.emplace(name, answer.tokens).second) << "answered twice";
              lengths_[name] = session.tokens().size();
              return Status();
            }};
  }

  std::vector<int32_t> Alone(const Session& read, const std::vector<int32_t>& question,
                             Attention attention = Attention::kSelected) {
    const auto session = read.Fork();
    EXPECT_TRUE(session->Feed(question, {.attention = attention}).ok());
    return Generate(session.get(), engine_->model().tokenizer(), options_)->tokens;
  }

  const std::vector<int32_t> document_ = RandomTokens(120);
  GenerateOptions options_ = {.max_tokens = 5, .ignore_end = true};
  std::map<std::string, std::vector<int32_t>> answers_;
  std::map<std::string, size_t> lengths_;
};

// More than there are seats, of several methods, with questions of all lengths, none among them.
TEST_F(CohortTest, AnswersAreThoseGivenAlone) {
  std::map<std::string, std::vector<int32_t>> want;
  Cohort cohort(engine_.get(), nullptr);
  for (const char* method : {"full", "quest", "dynsplit"}) {
    const auto read = Read(method);
    for (int length = 0; length < 70; length += 5) {
      for (const Attention attention : {Attention::kSelected, Attention::kDense}) {
        const std::vector<int32_t> question =
            RandomTokens(length, 2 + static_cast<uint64_t>(length));
        const std::string name = std::string(method) + std::to_string(length) +
                                 (attention == Attention::kDense ? " dense" : "");
        want[name] = Alone(*read, question, attention);
        ASSERT_TRUE(cohort.Admit(Asking(name, *read, question, attention)).ok());
      }
    }
  }
  ASSERT_TRUE(cohort.Finish().ok());
  EXPECT_EQ(answers_, want);
  EXPECT_EQ(lengths_["quest65"], 120u + 65 + 4);  // the last token is not fed
}

TEST_F(CohortTest, AnswersOfNoTokens) {
  options_.max_tokens = 0;
  Cohort cohort(engine_.get(), nullptr);
  const auto read = Read();
  ASSERT_TRUE(cohort.Admit(Asking("none", *read, {})).ok());
  EXPECT_EQ(answers_.count("none"), 1u);
  ASSERT_TRUE(cohort.Admit(Asking("read", *read, RandomTokens(3))).ok());
  ASSERT_TRUE(cohort.Finish().ok());
  EXPECT_TRUE(answers_["read"].empty());
  EXPECT_EQ(lengths_["read"], 123u);
}

TEST_F(CohortTest, ErrorsAndInterruptsEndIt) {
  const auto read = Read();
  Candidate failing = Asking("failing", *read, RandomTokens(3));
  failing.on_answer = [](const Session&, const Generation&) { return IoError("disk full"); };
  Cohort cohort(engine_.get(), nullptr);
  ASSERT_TRUE(cohort.Admit(std::move(failing)).ok());
  EXPECT_EQ(cohort.Finish().message(), "disk full");

  options_.max_tokens = -1;
  Cohort wrong(engine_.get(), nullptr);
  ASSERT_TRUE(wrong.Admit(Asking("wrong", *read, RandomTokens(3))).ok());
  EXPECT_EQ(wrong.Finish().code(), StatusCode::kInvalidArgument);

  options_.max_tokens = 5;
  const std::atomic<bool> cancel = true;
  Cohort stopped(engine_.get(), &cancel);
  ASSERT_TRUE(stopped.Admit(Asking("stopped", *read, RandomTokens(3))).ok());
  EXPECT_EQ(stopped.Finish().code(), StatusCode::kCancelled);
  EXPECT_TRUE(answers_.empty());
}

}  // namespace
}  // namespace dynsplit::eval
