// The thread that owns the engine, and the queue of jobs before it. Submit and the questions may be
// called from any thread.
//
// Jobs are taken in the order in which they came, as soon as there are seats for their answers.
// What the client gives up, or what is past its deadline, ends after the pass that is under way.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "apps/server/answer_batch.h"
#include "apps/server/job.h"
#include "apps/server/metrics.h"
#include "apps/server/prefix_cache.h"
#include "apps/server/prefix_store.h"
#include "dynsplit/engine.h"

namespace dynsplit::server {

struct SchedulerOptions {
  int max_answers = 8;      // at the same time
  size_t max_queued = 64;   // jobs that wait
  int64_t cache_bytes = 0;  // of the prefix cache
};

class Scheduler {
 public:
  // `store`: where the prefix cache keeps what memory has no room for, and all of it at the end;
  // null: nowhere. It is written to when there is nothing else to do, and where memory is needed.
  Scheduler(std::unique_ptr<Engine> engine, const SchedulerOptions& options, Metrics* metrics,
            std::unique_ptr<PrefixStore> store = nullptr);
  ~Scheduler();  // Stop(0)

  // Takes all jobs or none: ResourceExhausted where the queue has no room for them, InvalidArgument
  // where it never can have, Unavailable once Stop was called.
  Status Submit(std::vector<Job> jobs);

  // Takes no new jobs, gives those that there are so much time, and then ends them. Waits for the
  // thread. The first call counts.
  void Stop(std::chrono::milliseconds grace);

 private:
  void Loop();
  // Waits for work, and moves what there are seats for from the queue into the batch. False: stop.
  bool TakeJobs(AnswerBatch* batch);
  // Stores prefixes until there is something to do.
  void StorePrefixes(PrefixCache* cache);
  void DropGoneFromQueue();
  void FailQueue(const Status& status);

  const std::unique_ptr<Engine> engine_;
  const std::unique_ptr<PrefixStore> store_;
  const SchedulerOptions options_;
  Metrics& metrics_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> queue_;  // this and the following two are guarded by mutex_
  bool stopping_ = false;
  bool idle_ = true;                  // the thread has nothing to do
  std::atomic<bool> cancel_ = false;  // ends the pass under way
  std::thread thread_;                // last: it uses all of the above
};

}  // namespace dynsplit::server
