// What the engine's thread tells of answers, on its way to the thread that serves the client. Any
// thread may call any method.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "apps/server/answer_trace.h"
#include "dynsplit/generate.h"
#include "dynsplit/logprobs.h"
#include "dynsplit/status.h"

namespace dynsplit::server {

// A token, and how likely the model took it for; none for the first one of a prompt.
struct TokenScore {
  int32_t token = 0;
  std::optional<double> logprob = {};
  std::vector<TokenLogprob> top = {};  // the likeliest tokens in its place
  bool in_text = true;                 // else its name shows nowhere but here
};

// Of one answer, in this order: kStarted (kRead | kPrompt)* kPiece* kFinished; or kFailed, which is
// the last of all answers of the job.
struct AnswerEvent {
  enum class Kind {
    kStarted,   // the prompt is being read; of the job's first answer only
    kRead,      // more of the prompt has been read, where that was asked for; likewise
    kPrompt,    // scores of the prompt's tokens, where they were asked for; likewise
    kPiece,     // text, whole characters, and scores where they were asked for
    kFinished,  // stop_reason and num_tokens are set
    kFailed,    // status is set
  };
  Kind kind = Kind::kPiece;
  int choice = 0;
  std::string text = {};
  std::vector<TokenScore> scores = {};
  StopReason stop_reason = StopReason::kLength;
  int64_t num_tokens = 0;     // of the answer
  int64_t cached_tokens = 0;  // of kStarted: the prompt's, which need not be read
  AnswerTrace trace = {};     // what was asked for of it
  Status status = {};
};

// How often who waits for an answer looks whether the client is still there.
inline constexpr std::chrono::milliseconds kLookInterval(100);

class AnswerStream {
 public:
  void Push(AnswerEvent event);
  // The oldest event that was not taken; none where none came within `timeout`.
  std::optional<AnswerEvent> Wait(std::chrono::milliseconds timeout);

  size_t num_waiting() const;  // events that were not taken

  // Nobody wants the answers any more.
  void Cancel() { cancelled_.store(true); }
  bool cancelled() const { return cancelled_.load(); }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<AnswerEvent> events_;  // guarded by mutex_
  std::atomic<bool> cancelled_ = false;
};

}  // namespace dynsplit::server
