#include "apps/server/ongoing_answers.h"

#include <utility>

#include "apps/server/api_error.h"

namespace dynsplit::server {
namespace {

using Kind = AnswerEvent::Kind;

std::string ServerSentEvent(const Json& json) { return "data: " + DumpJson(json) + "\n\n"; }

Status ClientGone() { return Cancelled("the client has gone"); }

}  // namespace

OngoingAnswers::OngoingAnswers(std::shared_ptr<AnswerStream> stream,
                               std::unique_ptr<AnswerFormat> format, const Options& options)
    : stream_(std::move(stream)),
      format_(std::move(format)),
      options_(options),
      usage_{.prompt_tokens = options.prompt_tokens},
      num_open_(options.num_choices * options.num_prompts) {}

OngoingAnswers::~OngoingAnswers() { stream_->Cancel(); }

std::optional<AnswerEvent> OngoingAnswers::Next(const std::function<bool()>& gone) {
  if (first_) return std::exchange(first_, std::nullopt);
  while (true) {
    std::optional<AnswerEvent> event = stream_->Wait(kLookInterval);
    // Also while events come one after the other.
    if (const auto now = std::chrono::steady_clock::now(); now >= next_look_) {
      next_look_ = now + kLookInterval;
      if (gone()) return {};
    }
    if (event) {
      Count(*event);
      return event;
    }
  }
}

void OngoingAnswers::Count(const AnswerEvent& event) {
  usage_.cached_tokens += event.cached_tokens;
  usage_.completion_tokens += event.num_tokens;
  if (event.kind == Kind::kFinished) --num_open_;
  if (event.kind == Kind::kFailed) num_open_ = 0;
}

Status OngoingAnswers::AwaitStart(const std::function<bool()>& gone) {
  first_ = Next(gone);
  return first_ ? first_->status : ClientGone();
}

Result<Json> OngoingAnswers::Collect(const std::function<bool()>& gone) {
  std::vector<Choice> choices;
  for (int i = 0; i < options_.num_prompts * options_.num_choices; ++i) {
    const auto prompt = static_cast<size_t>(i / options_.num_choices);
    choices.push_back({.text = options_.echo.empty() ? "" : options_.echo[prompt]});
  }
  while (!done()) {
    const std::optional<AnswerEvent> event = Next(gone);
    if (!event) return ClientGone();
    if (event->kind == Kind::kFailed) return event->status;
    // A prompt's scores stand before each answer to it.
    const int num_choices = event->kind == Kind::kPrompt ? options_.num_choices : 1;
    for (int i = 0; i < num_choices; ++i) {
      Choice& choice = choices[static_cast<size_t>(event->choice + i)];
      choice.text += event->text;
      choice.scores.insert(choice.scores.end(), event->scores.begin(), event->scores.end());
      if (event->kind == Kind::kFinished) choice.stop_reason = event->stop_reason;
    }
  }
  return format_->Whole(choices, usage_);
}

bool OngoingAnswers::WriteNext(const std::function<bool(std::string_view)>& write,
                               const std::function<bool()>& gone) {
  const std::optional<AnswerEvent> event = Next(gone);
  if (!event) return false;
  if (event->kind == Kind::kFailed) {
    write(ServerSentEvent(ToJson(FromStatus(event->status))));
    return false;
  }
  std::string text;
  for (const Json& chunk : Chunks(*event)) text += ServerSentEvent(chunk);
  if (done()) {
    if (options_.include_usage) text += ServerSentEvent(format_->UsageChunk(usage_));
    text += "data: [DONE]\n\n";
  }
  return (text.empty() || write(text)) && !done();
}

std::vector<Json> OngoingAnswers::Chunks(const AnswerEvent& event) {
  std::vector<Json> chunks;
  for (int i = 0; !opened_ && i < options_.num_prompts * options_.num_choices; ++i) {
    Json opening = format_->Opening(i);
    if (!opening.empty()) chunks.push_back(std::move(opening));
  }
  opened_ = true;
  switch (event.kind) {
    case Kind::kStarted:
      for (int i = 0; !options_.echo.empty() && i < options_.num_choices; ++i) {
        const auto prompt = static_cast<size_t>(event.choice / options_.num_choices);
        chunks.push_back(format_->Delta(event.choice + i, options_.echo[prompt], {}));
      }
      break;
    case Kind::kPrompt:
      for (int i = 0; i < options_.num_choices; ++i) {
        chunks.push_back(format_->Delta(event.choice + i, "", event.scores));
      }
      break;
    case Kind::kPiece:
      chunks.push_back(format_->Delta(event.choice, event.text, event.scores));
      break;
    case Kind::kFinished:
      chunks.push_back(format_->Closing(event.choice, event.stop_reason));
      break;
    case Kind::kRead:
    case Kind::kFailed:
      break;
  }
  if (options_.trace) {
    Json trace = options_.trace->Of(event);
    if (!trace.empty() && chunks.empty()) chunks.push_back(format_->BareChunk());
    if (!trace.empty()) chunks.back()["dynsplit"] = std::move(trace);
  }
  return chunks;
}

}  // namespace dynsplit::server
