#include "apps/server/answer_batch.h"

#include "server/server_fixture.h"
#include "support/temp_folder.h"

namespace dynsplit::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = AnswerEvent::Kind;

constexpr int64_t kCacheBytes = int64_t{1} << 30;

// What a job was told so far.
struct Told {
  bool started = false;
  int64_t cached_tokens = 0;
  std::vector<TokenScore> prompt_scores;
  std::vector<std::string> texts = std::vector<std::string>(8);
  std::vector<std::vector<TokenScore>> scores = std::vector<std::vector<TokenScore>>(8);
  std::vector<int64_t> read;
  AnswerTrace trace;  // joined
  int num_finished = 0;
  int64_t num_tokens = 0;
  StopReason stop_reason = StopReason::kLength;
  Status failure;
};

void Join(const AnswerTrace& trace, AnswerTrace* joined) {
  if (!trace.blocks.empty()) {
    EXPECT_EQ(trace.first_block, static_cast<int64_t>(joined->blocks.size()));
  }
  joined->blocks.insert(joined->blocks.end(), trace.blocks.begin(), trace.blocks.end());
  joined->tokens.insert(joined->tokens.end(), trace.tokens.begin(), trace.tokens.end());
  if (!trace.importance.empty()) joined->importance = trace.importance;
  if (trace.stats) joined->stats = trace.stats;
}

void Take(AnswerStream* stream, Told* told) {
  while (auto event = stream->Wait(std::chrono::milliseconds(0))) {
    const auto choice = static_cast<size_t>(event->choice);
    Join(event->trace, &told->trace);
    switch (event->kind) {
      case Kind::kStarted:
        told->started = true;
        told->cached_tokens = event->cached_tokens;
        break;
      case Kind::kRead:
        told->read.push_back(*event->trace.read);
        break;
      case Kind::kPrompt:
        told->prompt_scores.insert(told->prompt_scores.end(), event->scores.begin(),
                                   event->scores.end());
        break;
      case Kind::kPiece:
        told->texts[choice] += event->text;
        told->scores[choice].insert(told->scores[choice].end(), event->scores.begin(),
                                    event->scores.end());
        break;
      case Kind::kFinished:
        ++told->num_finished;
        told->num_tokens += event->num_tokens;
        told->stop_reason = event->stop_reason;
        break;
      case Kind::kFailed:
        told->failure = event->status;
        break;
    }
  }
}

class AnswerBatchTest : public ::testing::Test {
 protected:
  void Use(const EngineOptions& options) {
    engine_ = TinyEngine(options);
    batch_ = std::make_unique<AnswerBatch>(engine_.get(), 8, &cache_, &metrics_);
  }

  Told RunAll(Job job) {
    const std::shared_ptr<AnswerStream> stream = job.stream;
    batch_->Admit(std::move(job));
    Told told;
    while (!batch_->empty()) {
      batch_->Step(nullptr);
      Take(stream.get(), &told);
    }
    Take(stream.get(), &told);  // of a job that was refused
    return told;
  }

  // What the engine itself writes.
  std::string Alone(const std::vector<int32_t>& prompt, int64_t max_tokens,
                    const Method& method = {}) {
    auto session = engine_->NewSession(method);
    EXPECT_TRUE((*session)->Feed(prompt).ok());
    GenerateOptions options{.max_tokens = max_tokens, .ignore_end = true};
    return Generate(session->get(), engine_->model().tokenizer(), options)->text;
  }

  std::unique_ptr<Engine> engine_ = TinyEngine();
  PrefixCache cache_{kCacheBytes};  // its sessions must not outlive the engine
  Metrics metrics_;
  std::unique_ptr<AnswerBatch> batch_ =
      std::make_unique<AnswerBatch>(engine_.get(), 8, &cache_, &metrics_);
};

TEST_F(AnswerBatchTest, WritesWhatTheEngineWrites) {
  const std::vector<int32_t> prompt = Letters(700);
  const Told told = RunAll(MakeJob(prompt, 30));
  EXPECT_TRUE(told.started);
  EXPECT_EQ(told.num_finished, 1);
  EXPECT_EQ(told.num_tokens, 30);
  EXPECT_EQ(told.stop_reason, StopReason::kLength);
  EXPECT_EQ(told.texts[0], Alone(prompt, 30));
}

TEST_F(AnswerBatchTest, SideBySideAsAlone) {
  std::vector<Job> jobs;
  for (const size_t length : {5, 300, 90, 1200}) {
    jobs.push_back(MakeJob(Letters(length, static_cast<int32_t>('A' + length % 20)), 20));
  }
  for (const Job& job : jobs) batch_->Admit(job);
  while (!batch_->empty()) batch_->Step(nullptr);
  for (const Job& job : jobs) {
    Told told;
    Take(job.stream.get(), &told);
    EXPECT_EQ(told.texts[0], Alone(job.prompt, 20)) << job.prompt.size();
  }
}

TEST_F(AnswerBatchTest, ALongPromptHoldsUpNobody) {
  Use({.threads = 1, .batch_tokens = 32});
  const Job long_job = MakeJob(Letters(3000), 2);
  const Job short_job = MakeJob(Letters(20, 'A'), 4);
  batch_->Admit(long_job);
  batch_->Admit(short_job);
  Told told;
  for (int pass = 0; pass < 6; ++pass) batch_->Step(nullptr);
  Take(short_job.stream.get(), &told);
  EXPECT_EQ(told.num_finished, 1);  // two passes to read, then one for each further token
  Told none;
  Take(long_job.stream.get(), &none);
  EXPECT_EQ(none.num_finished, 0);
  while (!batch_->empty()) batch_->Step(nullptr);
  Take(long_job.stream.get(), &none);
  EXPECT_EQ(none.num_finished, 1);
}

TEST_F(AnswerBatchTest, MorePromptsThanTokensOfAPassAllGetOn) {
  Use({.threads = 1, .batch_tokens = 8});
  std::vector<Job> jobs;
  for (int i = 0; i < 8; ++i) jobs.push_back(MakeJob(Letters(40, 'A' + i), 1));
  for (const Job& job : jobs) batch_->Admit(job);
  while (!batch_->empty()) batch_->Step(nullptr);
  for (const Job& job : jobs) {
    Told told;
    Take(job.stream.get(), &told);
    EXPECT_EQ(told.num_finished, 1);
  }
}

TEST_F(AnswerBatchTest, SeveralAnswersToOnePrompt) {
  Job job = MakeJob(Letters(50), 12);
  job.num_choices = 3;
  job.options.sampler = {.temperature = 1, .seed = 5};
  const Told told = RunAll(job);
  EXPECT_EQ(told.num_finished, 3);
  EXPECT_EQ(told.num_tokens, 36);
  EXPECT_NE(told.texts[0], told.texts[1]);
  EXPECT_EQ(metrics_.prompt_tokens.Value(), 50);  // read once
  for (const uint64_t idx : {0, 1, 2}) {
    Job alone = MakeJob(Letters(50), 12);
    alone.options.sampler = {.temperature = 1, .seed = 5 + idx};
    EXPECT_EQ(RunAll(alone).texts[0], told.texts[idx]) << idx;
  }
}

TEST_F(AnswerBatchTest, WhoLeavesIsDroppedWhileReadingAndWhileWriting) {
  Use({.threads = 1, .batch_tokens = 16});
  const Job reading = MakeJob(Letters(1000), 5);
  batch_->Admit(reading);
  batch_->Step(nullptr);
  reading.stream->Cancel();
  batch_->DropGone();
  EXPECT_TRUE(batch_->empty());
  EXPECT_EQ(metrics_.prompt_tokens.Value(), 16);
  const Job writing = MakeJob(Letters(10), 1000);
  batch_->Admit(writing);
  for (int pass = 0; pass < 4; ++pass) batch_->Step(nullptr);
  writing.stream->Cancel();
  batch_->DropGone();
  EXPECT_TRUE(batch_->empty());
  EXPECT_EQ(metrics_.answer_tokens.Value(), 4);
}

TEST_F(AnswerBatchTest, PastItsDeadlineAJobIsTold) {
  Job job = MakeJob(Letters(10), 1000);
  job.deadline = std::chrono::steady_clock::now();
  batch_->Admit(job);
  batch_->Step(nullptr);
  batch_->DropGone();
  EXPECT_TRUE(batch_->empty());
  Told told;
  Take(job.stream.get(), &told);
  EXPECT_EQ(told.failure.code(), StatusCode::kCancelled);
}

TEST_F(AnswerBatchTest, TheSecondQuestionReadsOnlyWhatIsNew) {
  std::vector<int32_t> first = Letters(1400), second = first;
  for (int i = 0; i < 20; ++i) first.push_back('A' + i);
  for (int i = 0; i < 30; ++i) second.push_back('Z' - i);
  EXPECT_EQ(RunAll(MakeJob(first, 8)).cached_tokens, 0);
  const std::string alone = Alone(second, 20);
  const Told told = RunAll(MakeJob(second, 20));
  EXPECT_EQ(told.cached_tokens, 1400 - 32);
  EXPECT_EQ(told.texts[0], alone);
  // It left a prefix where the two part.
  second.back() = 'A';
  const Told third = RunAll(MakeJob(second, 20));
  EXPECT_EQ(third.cached_tokens, 1400);
  EXPECT_EQ(third.texts[0], Alone(second, 20));
  // And the same again need not be read at all.
  const Told again = RunAll(MakeJob(second, 20));
  EXPECT_EQ(again.cached_tokens, static_cast<int64_t>(second.size()));
  EXPECT_EQ(again.texts[0], third.texts[0]);
}

// What is kept of many prompts is more than may be in memory, and waits in the file of pages.
TEST_F(AnswerBatchTest, TheCacheKeepsTheBoundOfKeysAndValues) {
  constexpr int kDocuments = 8;
  constexpr int64_t kMemory = (2 << 20) + (2 << 11);  // the least for one thread
  const auto prompt_of = [](int document, int question) {
    std::vector<int32_t> prompt = Letters(4000, 'A' + document);
    prompt.push_back('0' + question);
    return prompt;
  };
  std::vector<std::string> want;
  for (int i = 0; i < kDocuments; ++i) want.push_back(Alone(prompt_of(i, 1), 8));
  const TempFolder folder;
  Use({.threads = 1, .kv_memory_bytes = kMemory, .kv_dir = folder.path()});
  int64_t kept = 0;
  for (const int question : {0, 1}) {
    for (int i = 0; i < kDocuments; ++i) {
      Job job = MakeJob(prompt_of(i, question), 8);
      job.tracing = Tracing::kProgress;
      const Told told = RunAll(std::move(job));
      ASSERT_TRUE(told.trace.stats) << told.failure.ToString();
      EXPECT_EQ(told.cached_tokens, question == 0 ? 0 : 4000 - 32);
      EXPECT_LE(told.trace.stats->kv_bytes_resident, kMemory);
      if (question == 0) {
        kept += told.trace.stats->kv_bytes_total;
      } else {
        EXPECT_EQ(told.texts[0], want[static_cast<size_t>(i)]);
      }
    }
  }
  EXPECT_GT(kept, 3 * kMemory);
}

// Answers attend to what is selected; what they leave must not pass for a text read densely.
TEST_F(AnswerBatchTest, AnswersDoNotComeIntoTheCache) {
  Job job = MakeJob(Letters(400), 60);
  job.method.budget = {.tokens = 8};
  job.options.sampler = {.temperature = 1, .seed = 1};
  const std::string text = RunAll(job).texts[0];
  std::vector<int32_t> next = job.prompt;
  const auto answer = engine_->model().tokenizer().Encode(text, {.add_special = false});
  next.insert(next.end(), answer->begin(), answer->end());
  next.push_back('a');
  EXPECT_EQ(RunAll(MakeJob(next, 5)).cached_tokens, 400);
}

TEST_F(AnswerBatchTest, SaltsKeepPromptsApart) {
  RunAll(MakeJob(Letters(600), 1));
  Job job = MakeJob(Letters(600), 1);
  job.cache_salt = "other";
  EXPECT_EQ(RunAll(job).cached_tokens, 0);
}

TEST_F(AnswerBatchTest, MethodsThatCountVotesReadForThemselves) {
  const std::vector<int32_t> prompt = Letters(600);
  RunAll(MakeJob(prompt, 1));
  Job job = MakeJob(prompt, 10);
  job.method = *MethodPreset("h2o");
  job.method.budget = {.tokens = 64};
  const Told told = RunAll(job);
  EXPECT_TRUE(told.failure.ok()) << told.failure.ToString();
  EXPECT_EQ(told.cached_tokens, 0);
  EXPECT_EQ(told.texts[0], Alone(prompt, 10, job.method));
  EXPECT_EQ(RunAll(job).cached_tokens, 600);
}

TEST_F(AnswerBatchTest, AMethodThatTheModelCannotUseFailsItsJobAlone) {
  Job job = MakeJob(Letters(10), 3);
  job.method.dense_heads = {{{.layer = 99, .kv_head = 0}}};
  EXPECT_EQ(RunAll(job).failure.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(RunAll(MakeJob(Letters(10), 3)).num_finished, 1);
}

TEST_F(AnswerBatchTest, ScoresAreOfTheModelsOwnLogits) {
  Job job = MakeJob(Letters(150), 5);  // more than one pass of scored tokens
  job.top_logprobs = 2;
  job.prompt_logprobs = true;
  const Told told = RunAll(job);
  ASSERT_EQ(told.prompt_scores.size(), 150u);
  EXPECT_FALSE(told.prompt_scores[0].logprob);
  auto session = engine_->NewSession();
  ASSERT_TRUE((*session)->Feed(job.prompt, {.logits = Logits::kAll}).ok());
  const size_t vocab_size = (*session)->logits().size() / 150;
  for (const size_t i : {1, 63, 64, 65, 128, 149}) {
    const TokenScore& score = told.prompt_scores[i];
    EXPECT_EQ(score.token, job.prompt[i]);
    const auto logits = (*session)->logits().subspan((i - 1) * vocab_size, vocab_size);
    EXPECT_NEAR(*score.logprob, LogprobOf(logits, score.token), 1e-3) << i;
    ASSERT_EQ(score.top.size(), 2u);
    EXPECT_NEAR(score.top[0].logprob, TopLogprobs(logits, 1)[0].logprob, 1e-3) << i;
  }
  ASSERT_EQ(told.scores[0].size(), 5u);
  for (const TokenScore& score : told.scores[0]) {
    EXPECT_EQ(score.token, score.top[0].token);  // greedy
    EXPECT_EQ(score.logprob, score.top[0].logprob);
  }
}

TEST_F(AnswerBatchTest, ProgressIsToldWhereItIsAskedFor) {
  Job job = MakeJob(Letters(1200), 5);
  EXPECT_THAT(RunAll(job).read, IsEmpty());
  job.cache_salt = "anew";
  job.tracing = Tracing::kProgress;
  const Told told = RunAll(job);
  EXPECT_THAT(told.read, ElementsAre(512, 1024, 1200));
  EXPECT_THAT(told.trace.tokens, IsEmpty());
  ASSERT_TRUE(told.trace.stats);
  EXPECT_EQ(told.trace.stats->tokens, 1204);  // the last one is not fed
}

TEST_F(AnswerBatchTest, ChoicesAreToldTokenByTokenAndChangeNothing) {
  const std::vector<int32_t> prompt = Letters(600);
  Job job = MakeJob(prompt, 160);
  job.method = *ParseMethod("dynsplit+dense-layers=0+budget=64");
  job.tracing = Tracing::kChoices;
  const Told told = RunAll(job);
  EXPECT_EQ(told.texts[0], Alone(prompt, 160, job.method));
  ASSERT_EQ(told.trace.tokens.size(), 160u);
  EXPECT_FALSE(told.trace.tokens[0].choices);  // the prompt's last token was read densely
  double attended = 0;
  for (size_t i = 1; i < told.trace.tokens.size(); ++i) {
    ASSERT_TRUE(told.trace.tokens[i].choices) << i;
    for (const auto& layer : told.trace.tokens[i].choices->layers) {
      ASSERT_EQ(layer.size(), 2u);
      for (const HeadChoice& head : layer) {
        EXPECT_FALSE(head.all);
        attended += static_cast<double>(head.attended_tokens);
        for (const ChosenBlock& chosen : head.blocks) {
          ASSERT_LT(chosen.block, static_cast<int32_t>(told.trace.blocks.size()));
        }
      }
    }
  }
  constexpr double kHeads = 2 * 2;  // of the tiny model's layers
  EXPECT_NEAR(attended / kHeads / 159, told.trace.stats->attended_tokens_mean, 1e-9);
  // The answer's own first tokens have become blocks, too.
  EXPECT_GT(told.trace.blocks.back().end(), 600);
  EXPECT_EQ(told.trace.importance.size(), static_cast<size_t>(kNumDelimiterClasses));
}

TEST_F(AnswerBatchTest, ChoicesDoNotPileUpForASlowClient) {
  Job job = MakeJob(Letters(300), 200);
  job.tracing = Tracing::kChoices;
  batch_->Admit(job);
  while (!batch_->empty()) batch_->Step(nullptr);
  Told told;
  Take(job.stream.get(), &told);
  ASSERT_EQ(told.trace.tokens.size(), 200u);
  size_t with_choices = 0;
  for (const TokenTrace& token : told.trace.tokens) with_choices += token.choices ? 1 : 0;
  EXPECT_GT(with_choices, 30u);
  EXPECT_LT(with_choices, 120u);  // an event may tell of several tokens
}

TEST_F(AnswerBatchTest, NoTokensWanted) {
  const Told told = RunAll(MakeJob(Letters(10), 0));
  EXPECT_EQ(told.num_finished, 1);
  EXPECT_EQ(told.num_tokens, 0);
}

TEST_F(AnswerBatchTest, AFullContextEndsTheAnswer) {
  Use({.threads = 1, .context_tokens = 64});
  const Told told = RunAll(MakeJob(Letters(60), 1000));
  EXPECT_EQ(told.stop_reason, StopReason::kContext);
  EXPECT_EQ(told.num_tokens, 5);
}

}  // namespace
}  // namespace dynsplit::testing
