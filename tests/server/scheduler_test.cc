#include "apps/server/scheduler.h"

#include <stdexcept>

#include "server/server_fixture.h"

namespace dynsplit::testing {
namespace {

using Kind = AnswerEvent::Kind;

constexpr std::chrono::milliseconds kLong = std::chrono::seconds(60);
constexpr int64_t kEndless = 1 << 18;  // tokens

// The last event of a job with one answer.
AnswerEvent Last(AnswerStream* stream) {
  while (true) {
    const auto event = stream->Wait(kLong);
    if (!event) {
      ADD_FAILURE() << "no event";
      return {};
    }
    if (event->kind == Kind::kFinished || event->kind == Kind::kFailed) return *event;
  }
}

void AwaitStarted(AnswerStream* stream) {
  const auto event = stream->Wait(kLong);
  ASSERT_TRUE(event);
  ASSERT_EQ(event->kind, Kind::kStarted) << event->status.ToString();
}

class SchedulerTest : public ::testing::Test {
 protected:
  void Start(const SchedulerOptions& options) {
    scheduler_ = std::make_unique<Scheduler>(TinyEngine(), options, &metrics_);
  }
  std::shared_ptr<AnswerStream> Submit(int64_t max_tokens) {
    Job job = MakeJob(Letters(20), max_tokens);
    const std::shared_ptr<AnswerStream> stream = job.stream;
    const Status status = scheduler_->Submit({std::move(job)});
    EXPECT_TRUE(status.ok()) << status.ToString();
    return stream;
  }

  Metrics metrics_;
  std::unique_ptr<Scheduler> scheduler_;
};

TEST_F(SchedulerTest, AnswersManyInTurn) {
  Start({.max_answers = 3});
  std::vector<std::shared_ptr<AnswerStream>> streams;
  for (int i = 0; i < 12; ++i) streams.push_back(Submit(5 + i));
  for (int i = 0; i < 12; ++i) {
    const AnswerEvent last = Last(streams[static_cast<size_t>(i)].get());
    EXPECT_EQ(last.kind, Kind::kFinished);
    EXPECT_EQ(last.num_tokens, 5 + i);
  }
}

TEST_F(SchedulerTest, AFullQueueTakesNothing) {
  Start({.max_answers = 1, .max_queued = 2});
  const auto running = Submit(kEndless);
  AwaitStarted(running.get());
  Submit(1);
  const Status two = scheduler_->Submit({MakeJob(Letters(5), 1), MakeJob(Letters(5), 1)});
  EXPECT_EQ(two.code(), StatusCode::kResourceExhausted);
  // Another try would not help these.
  const Status three =
      scheduler_->Submit({MakeJob(Letters(5), 1), MakeJob(Letters(5), 1), MakeJob(Letters(5), 1)});
  EXPECT_EQ(three.code(), StatusCode::kInvalidArgument);
  const auto waiting = Submit(1);  // there was room for one
  EXPECT_EQ(scheduler_->Submit({MakeJob(Letters(5), 1)}).code(), StatusCode::kResourceExhausted);
  running->Cancel();
  EXPECT_EQ(Last(waiting.get()).kind, Kind::kFinished);
}

TEST_F(SchedulerTest, WhoWaitsMayLeaveOrRunOutOfTime) {
  Start({.max_answers = 1});
  const auto running = Submit(kEndless);
  AwaitStarted(running.get());
  Job late = MakeJob(Letters(5), 1);
  late.deadline = std::chrono::steady_clock::now();
  const auto gone = Submit(1);
  gone->Cancel();
  ASSERT_TRUE(scheduler_->Submit({late}).ok());
  EXPECT_EQ(Last(late.stream.get()).status.code(), StatusCode::kCancelled);
  EXPECT_FALSE(gone->Wait(std::chrono::milliseconds(0)));
}

// Stands for a library that throws while an answer begins: its options are copied there.
class ThrowsWhenCopied {
 public:
  explicit ThrowsWhenCopied(const std::atomic<bool>* armed) : armed_(*armed) {}
  ThrowsWhenCopied(const ThrowsWhenCopied& other) : armed_(other.armed_) {
    if (armed_.load()) throw std::runtime_error("copied");
  }
  void operator()(std::string_view) const {}

 private:
  const std::atomic<bool>& armed_;
};

TEST_F(SchedulerTest, WhatIsThrownEndsItsJobAlone) {
  Start({.max_answers = 2, .cache_bytes = 1 << 28});
  EXPECT_EQ(Last(Submit(1).get()).kind, Kind::kFinished);
  std::atomic<bool> armed = false;
  std::vector<Job> jobs(1, MakeJob(Letters(20), 5));  // now cached: its answer begins at once
  jobs[0].options.on_text = ThrowsWhenCopied(&armed);
  const std::shared_ptr<AnswerStream> stream = jobs[0].stream;
  armed = true;
  ASSERT_TRUE(scheduler_->Submit(std::move(jobs)).ok());
  const auto started = stream->Wait(kLong);
  ASSERT_TRUE(started);
  EXPECT_EQ(started->cached_tokens, 20);
  const AnswerEvent last = Last(stream.get());
  EXPECT_EQ(last.kind, Kind::kFailed);
  EXPECT_EQ(last.status.message(), "copied");
  EXPECT_EQ(Last(Submit(5).get()).kind, Kind::kFinished);
  EXPECT_FALSE(stream->Wait(std::chrono::milliseconds(0)));  // nothing after the last
}

TEST_F(SchedulerTest, StoppingLetsWhatIsUnderWayFinish) {
  Start({.max_answers = 2});
  const auto stream = Submit(50);
  scheduler_->Stop(kLong);
  EXPECT_EQ(Last(stream.get()).kind, Kind::kFinished);
  EXPECT_EQ(scheduler_->Submit({MakeJob(Letters(5), 1)}).code(), StatusCode::kUnavailable);
}

TEST_F(SchedulerTest, StoppingEndsWhatTakesTooLong) {
  Start({.max_answers = 1});
  const auto running = Submit(kEndless);
  const auto waiting = Submit(1);
  AwaitStarted(running.get());
  scheduler_->Stop(std::chrono::milliseconds(50));
  EXPECT_EQ(Last(running.get()).status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(Last(waiting.get()).status.code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace dynsplit::testing
