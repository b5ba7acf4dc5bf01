// The threads that serve connections, and the connections that wait for one of them. There is a
// bound to both, so that a client who opens connections and leaves them takes neither all files of
// the process nor, for long, all threads.
#pragma once

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dynsplit::server {

class ConnectionQueue : public httplib::TaskQueue {
 public:
  ConnectionQueue(size_t num_threads, size_t max_waiting);

  // Called by the thread that accepts connections. Where too many wait, `serve` is called at once,
  // with turned_away() set.
  void enqueue(std::function<void()> serve) override;
  // Serves what waits and joins the threads.
  void shutdown() override;

  // Whether a connection waits for a thread: those that do nothing should be given up. Any thread.
  bool crowded() const { return num_waiting_.load() > 0; }
  // Whether the connection that this thread is to serve is one too many.
  static bool turned_away();
  // Since when the connection that this thread serves has been there.
  static std::chrono::steady_clock::time_point came();

 private:
  struct Waiting {
    std::function<void()> serve;
    std::chrono::steady_clock::time_point came;
  };

  void Work();

  const size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;  // this and the next are guarded by mutex_
  bool ending_ = false;
  std::atomic<size_t> num_waiting_ = 0;  // of waiting_
  std::vector<std::thread> threads_;
};

}  // namespace dynsplit::server
