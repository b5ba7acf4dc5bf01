// The answers to one request while they are written: what is told of them, made into a response.
// Belongs to the thread of its connection.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/server/answer_format.h"
#include "apps/server/answer_stream.h"
#include "apps/server/trace_format.h"

namespace dynsplit::server {

class OngoingAnswers {
 public:
  struct Options {
    int num_choices = 1;                 // to each prompt
    std::vector<std::string> echo = {};  // the prompts that stand before the answers; may be empty
    int64_t prompt_tokens = 0;           // of all prompts
    int num_prompts = 1;
    bool include_usage = false;
    std::shared_ptr<TraceFormat> trace = {};  // null: what is told of the answer alone
  };

  OngoingAnswers(std::shared_ptr<AnswerStream> stream, std::unique_ptr<AnswerFormat> format,
                 const Options& options);
  ~OngoingAnswers();  // nobody wants the rest

  // Waits until the first prompt is being read. Cancelled where the client has gone (`gone` is
  // asked ten times a second); else what the job failed with.
  Status AwaitStart(const std::function<bool()>& gone);

  // All answers. Errors as above.
  Result<Json> Collect(const std::function<bool()>& gone);

  // The stream, piece by piece: writes the next events. False where all has been written, or the
  // client has gone.
  bool WriteNext(const std::function<bool(std::string_view)>& write,
                 const std::function<bool()>& gone);

 private:
  // None where the client has gone.
  std::optional<AnswerEvent> Next(const std::function<bool()>& gone);
  void Count(const AnswerEvent& event);
  std::vector<Json> Chunks(const AnswerEvent& event);
  bool done() const { return num_open_ == 0; }

  std::shared_ptr<AnswerStream> stream_;
  std::unique_ptr<AnswerFormat> format_;
  Options options_;
  Usage usage_;
  int num_open_;  // answers that have not ended
  std::optional<AnswerEvent> first_;
  bool opened_ = false;
  std::chrono::steady_clock::time_point next_look_ = {};  // for whether the client has gone
};

}  // namespace dynsplit::server
