#include "apps/server/answer_stream.h"

#include <utility>

namespace dynsplit::server {

void AnswerStream::Push(AnswerEvent event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  changed_.notify_one();
}

std::optional<AnswerEvent> AnswerStream::Wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, timeout, [&] { return !events_.empty(); })) return {};
  AnswerEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

size_t AnswerStream::num_waiting() const {
  const std::lock_guard lock(mutex_);
  return events_.size();
}

}  // namespace dynsplit::server
