#include "dynsplit/generate.h"

#include <chrono>

#include "dynsplit/sampler.h"
#include "engine/stop_text.h"

namespace dynsplit {
namespace {

// The answer's text on its way from tokens to the caller: bytes, whole characters, up to a stop.
class AnswerText {
 public:
  AnswerText(const GenerateOptions& options, std::string* text)
      : stop_(options.stop), on_text_(options.on_text), text_(text) {}

  // True once a stop text has come.
  bool Append(std::string_view bytes) {
    Show(stop_.Push(utf8_.Append(bytes)));
    return stop_.found();
  }

  void Finish() {
    Append(utf8_.Finish());
    if (!stop_.found()) Show(stop_.Finish());
  }

 private:
  void Show(std::string_view piece) {
    if (piece.empty()) return;
    *text_ += piece;
    if (on_text_) on_text_(piece);
  }

  Utf8Stream utf8_;
  StopText stop_;
  const std::function<void(std::string_view)>& on_text_;
  std::string* text_;
};

// Feeds one token back and adds up what that takes.
Status Step(Session* session, int32_t token, const GenerateOptions& options, Generation* out) {
  FeedOptions feed;
  feed.attention = Attention::kSelected;
  feed.logits = Logits::kLast;
  feed.cancel = options.cancel;
  const auto start = std::chrono::steady_clock::now();
  DYNSPLIT_RETURN_IF_ERROR(session->Feed({&token, 1}, feed));
  out->decode_seconds +=
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  ++out->decode_steps;
  return {};
}

// Writes tokens until something says stop, and says what.
Result<StopReason> WriteTokens(Session* session, const Tokenizer& tokenizer,
                               const GenerateOptions& options, Generation* out) {
  const size_t vocab_size = static_cast<size_t>(tokenizer.size());
  Sampler sampler(options.sampler);
  AnswerText answer(options, &out->text);
  StopReason reason = StopReason::kLength;
  while (static_cast<int64_t>(out->tokens.size()) < options.max_tokens) {
    if (options.cancel != nullptr && options.cancel->load()) {
      reason = StopReason::kCancelled;
      break;
    }
    const int32_t token = sampler.Sample(session->logits().last(vocab_size), session->tokens());
    if (!options.ignore_end && tokenizer.IsEndOfGeneration(token)) {
      reason = StopReason::kEnd;
      break;
    }
    out->tokens.push_back(token);
    if (answer.Append(tokenizer.TokenBytes(token))) {
      reason = StopReason::kStopText;
      break;
    }
    if (static_cast<int64_t>(out->tokens.size()) == options.max_tokens) break;
    if (static_cast<int64_t>(session->tokens().size()) >= session->context_tokens()) {
      reason = StopReason::kContext;
      break;
    }
    const Status status = Step(session, token, options, out);
    if (status.code() == StatusCode::kCancelled) {
      reason = StopReason::kCancelled;
      break;
    }
    if (!status.ok()) {
      answer.Finish();
      return status;
    }
  }
  answer.Finish();
  return reason;
}

}  // namespace

std::string_view StopReasonName(StopReason reason) {
  switch (reason) {
    case StopReason::kEnd:
      return "end";
    case StopReason::kLength:
      return "length";
    case StopReason::kStopText:
      return "stop";
    case StopReason::kContext:
      return "context";
    case StopReason::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

Result<Generation> Generate(Session* session, const Tokenizer& tokenizer,
                            const GenerateOptions& options) {
  DYNSPLIT_RETURN_IF_ERROR(ValidateSampler(options.sampler));
  if (options.max_tokens < 0) {
    return InvalidArgument("max_tokens is " + std::to_string(options.max_tokens) +
                           ", wanted 0 or more");
  }
  if (session->logits().empty()) {
    return InvalidArgument("the session has no logits: feed it a prompt first");
  }
  Generation out;
  const Result<StopReason> reason = WriteTokens(session, tokenizer, options, &out);
  if (!reason.ok()) return reason.status();
  out.stop_reason = *reason;
  return out;
}

}  // namespace dynsplit
