#include "apps/server/connection_queue.h"

#include <utility>

namespace dynsplit::server {
namespace {

thread_local bool one_too_many = false;
thread_local std::chrono::steady_clock::time_point served_came;

}  // namespace

ConnectionQueue::ConnectionQueue(size_t num_threads, size_t max_waiting)
    : max_waiting_(max_waiting) {
  for (size_t i = 0; i < num_threads; ++i) threads_.emplace_back([this] { Work(); });
}

bool ConnectionQueue::turned_away() { return one_too_many; }

std::chrono::steady_clock::time_point ConnectionQueue::came() { return served_came; }

void ConnectionQueue::enqueue(std::function<void()> serve) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < max_waiting_) {
      waiting_.push_back({std::move(serve), std::chrono::steady_clock::now()});
      num_waiting_.store(waiting_.size());
    }
  }
  if (!serve) return changed_.notify_one();
  one_too_many = true;
  serve();
  one_too_many = false;
}

void ConnectionQueue::shutdown() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ConnectionQueue::Work() {
  while (true) {
    std::function<void()> serve;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      serve = std::move(waiting_.front().serve);
      served_came = waiting_.front().came;
      waiting_.pop_front();
      num_waiting_.store(waiting_.size());
    }
    serve();
  }
}

}  // namespace dynsplit::server
