#include "apps/server/scheduler.h"

#include <exception>
#include <new>
#include <utility>

namespace dynsplit::server {
namespace {

Status ShuttingDown() { return {StatusCode::kUnavailable, "the server is shutting down"}; }

// Tells of a job whose admission was broken off. What there is of its seat goes with DropGone.
void Refuse(const Status& status, AnswerStream* stream) {
  stream->Cancel();
  stream->Push({.kind = AnswerEvent::Kind::kFailed, .status = status});
}

}  // namespace

Scheduler::Scheduler(std::unique_ptr<Engine> engine, const SchedulerOptions& options,
                     Metrics* metrics, std::unique_ptr<PrefixStore> store)
    : engine_(std::move(engine)),
      store_(std::move(store)),
      options_(options),
      metrics_(*metrics),
      thread_([this] { Loop(); }) {}

Scheduler::~Scheduler() { Stop(std::chrono::milliseconds(0)); }

Status Scheduler::Submit(std::vector<Job> jobs) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return ShuttingDown();
    if (jobs.size() > options_.max_queued) {
      return InvalidArgument(std::to_string(jobs.size()) + " prompts, wanted at most " +
                             std::to_string(options_.max_queued) + ": no more may wait here");
    }
    if (queue_.size() + jobs.size() > options_.max_queued) {
      return ResourceExhausted(std::to_string(queue_.size()) + " requests wait, room for " +
                               std::to_string(options_.max_queued));
    }
    for (Job& job : jobs) queue_.push_back(std::move(job));
    metrics_.queued.Set(static_cast<double>(queue_.size()));
  }
  changed_.notify_all();
  return {};
}

void Scheduler::Stop(std::chrono::milliseconds grace) {
  {
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, grace, [&] { return idle_ && queue_.empty(); });
    cancel_.store(true);
  }
  changed_.notify_all();
  thread_.join();
}

void Scheduler::Loop() {
  PrefixCache cache(options_.cache_bytes, store_.get());
  AnswerBatch batch(engine_.get(), options_.max_answers, &cache, &metrics_);
  while (true) {
    try {
      if (batch.empty()) StorePrefixes(&cache);
      if (!TakeJobs(&batch)) break;
      batch.DropGone();
      if (!batch.empty()) batch.Step(&cancel_);
    } catch (const std::bad_alloc&) {
      cache.Clear();
      batch.FailAll(ResourceExhausted("no memory for the answers under way"));
    } catch (const std::exception& error) {  // a library's own
      batch.FailAll(Internal(error.what()));
    }
  }
  FailQueue(ShuttingDown());
  batch.FailAll(ShuttingDown());
  try {
    while (cache.StoreNext()) {
    }
  } catch (const std::exception&) {  // of memory; what is stored is stored
  }
}

void Scheduler::StorePrefixes(PrefixCache* cache) {
  const auto idle = [&] {
    const std::lock_guard lock(mutex_);
    return queue_.empty() && !cancel_.load();
  };
  while (idle() && cache->StoreNext()) {
  }
}

bool Scheduler::TakeJobs(AnswerBatch* batch) {
  std::unique_lock lock(mutex_);
  idle_ = batch->empty() && queue_.empty();
  if (idle_) changed_.notify_all();
  changed_.wait(lock, [&] { return !batch->empty() || !queue_.empty() || cancel_.load(); });
  idle_ = false;
  if (cancel_.load()) return false;
  DropGoneFromQueue();
  while (!queue_.empty() && batch->HasRoom(queue_.front())) {
    const std::shared_ptr<AnswerStream> stream = queue_.front().stream;
    try {
      Job job = std::move(queue_.front());
      queue_.pop_front();
      batch->Admit(std::move(job));
    } catch (const std::bad_alloc&) {
      Refuse(ResourceExhausted("no memory for the prompt"), stream.get());
    } catch (const std::exception& error) {  // a library's own
      Refuse(Internal(error.what()), stream.get());
    }
  }
  metrics_.queued.Set(static_cast<double>(queue_.size()));
  return true;
}

void Scheduler::DropGoneFromQueue() {
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(queue_, [&](const Job& job) {
    if (job.stream->cancelled()) return true;
    if (now <= job.deadline) return false;
    job.stream->Push(
        {.kind = AnswerEvent::Kind::kFailed,
         .status = Status(StatusCode::kCancelled, "the request waited longer than it may")});
    return true;
  });
}

void Scheduler::FailQueue(const Status& status) {
  const std::lock_guard lock(mutex_);
  for (Job& job : queue_) {
    job.stream->Push({.kind = AnswerEvent::Kind::kFailed, .status = status});
  }
  queue_.clear();
  metrics_.queued.Set(0);
}

}  // namespace dynsplit::server
