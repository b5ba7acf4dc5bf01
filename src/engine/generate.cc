#include "dynsplit/generate.h"

#include <chrono>
#include <utility>

#include "dynsplit/sampler.h"
#include "engine/stop_text.h"

namespace dynsplit {
namespace {

// The answer's text on its way from tokens to the caller: bytes, whole characters, up to a stop.
class AnswerText {
 public:
  AnswerText(const std::vector<std::string>& stop, std::function<void(std::string_view)> on_text)
      : stop_(stop), on_text_(std::move(on_text)) {}

  // True once a stop text has come.
  bool Append(std::string_view bytes) {
    Show(stop_.Push(utf8_.Append(bytes)));
    return stop_.found();
  }

  std::string Finish() {
    Append(utf8_.Finish());
    if (!stop_.found()) Show(stop_.Finish());
    return std::move(text_);
  }

 private:
  void Show(std::string_view piece) {
    if (piece.empty()) return;
    text_ += piece;
    if (on_text_) on_text_(piece);
  }

  Utf8Stream utf8_;
  StopText stop_;
  std::function<void(std::string_view)> on_text_;
  std::string text_;
};

bool IsSet(const std::atomic<bool>* cancel) { return cancel != nullptr && cancel->load(); }

}  // namespace

struct AnswerWriter::Impl {
  Impl(Session* s, const Tokenizer& t, const GenerateOptions& options)
      : session(*s),
        tokenizer(t),
        max_tokens(options.max_tokens),
        ignore_end(options.ignore_end && !options.constraint),
        cancel(options.cancel),
        constraint(options.constraint),
        on_token(options.on_token),
        sampler(options.sampler),
        text(options.stop, options.on_text) {}

  // Why no further token is sampled, or none where one is.
  std::optional<StopReason> Write() {
    if (Written() == max_tokens) return StopReason::kLength;
    if (IsSet(cancel)) return StopReason::kCancelled;
    const size_t vocab_size = static_cast<size_t>(tokenizer.size());
    const std::span<const float> logits = session.logits().last(vocab_size);
    if (constraint) {
      masked.assign(logits.begin(), logits.end());
      if (!constraint->Mask(masked)) {
        return constraint->complete() ? StopReason::kEnd : StopReason::kLength;
      }
    }
    const int32_t token =
        sampler.Sample(constraint ? std::span<const float>(masked) : logits, session.tokens());
    if (!ignore_end && tokenizer.IsEndOfGeneration(token)) return StopReason::kEnd;
    if (on_token) on_token(token, logits);
    out.tokens.push_back(token);
    const std::string_view bytes = tokenizer.TokenBytes(token);
    if (constraint) constraint->Accept(bytes);
    if (text.Append(bytes)) return StopReason::kStopText;
    if (Written() == max_tokens) return StopReason::kLength;
    if (static_cast<int64_t>(session.tokens().size()) >= session.context_tokens()) {
      return StopReason::kContext;
    }
    return {};
  }

  int64_t Written() const { return static_cast<int64_t>(out.tokens.size()); }

  Session& session;
  const Tokenizer& tokenizer;
  const int64_t max_tokens;
  const bool ignore_end;
  const std::atomic<bool>* const cancel;
  const std::shared_ptr<TokenConstraint> constraint;
  const std::function<void(int32_t, std::span<const float>)> on_token;
  std::vector<float> masked;  // [vocab_size], under a constraint
  Sampler sampler;
  AnswerText text;
  Generation out;
};

AnswerWriter::AnswerWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AnswerWriter::AnswerWriter(AnswerWriter&&) noexcept = default;
AnswerWriter& AnswerWriter::operator=(AnswerWriter&&) noexcept = default;
AnswerWriter::~AnswerWriter() = default;

Result<AnswerWriter> AnswerWriter::Create(Session* session, const Tokenizer& tokenizer,
                                          const GenerateOptions& options) {
  DYNSPLIT_RETURN_IF_ERROR(ValidateSampler(options.sampler));
  if (options.max_tokens < 0) {
    return InvalidArgument("max_tokens is " + std::to_string(options.max_tokens) +
                           ", wanted 0 or more");
  }
  if (session->logits().empty()) {
    return InvalidArgument("the session has no logits: feed it a prompt first");
  }
  return AnswerWriter(std::make_unique<Impl>(session, tokenizer, options));
}

std::optional<int32_t> AnswerWriter::Next() {
  const std::optional<StopReason> reason = impl_->Write();
  if (!reason) return impl_->out.tokens.back();
  impl_->out.stop_reason = *reason;
  return {};
}

Generation AnswerWriter::Finish() {
  impl_->out.text = impl_->text.Finish();
  return std::move(impl_->out);
}

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
  auto writer = AnswerWriter::Create(session, tokenizer, options);
  if (!writer.ok()) return writer.status();
  const FeedOptions feed = {.attention = Attention::kSelected, .cancel = options.cancel};
  double seconds = 0;
  int64_t steps = 0;
  Status status;
  while (const std::optional<int32_t> token = writer->Next()) {
    const auto start = std::chrono::steady_clock::now();
    status = session->Feed({&*token, 1}, feed);
    if (!status.ok()) break;
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    ++steps;
  }
  Generation out = writer->Finish();
  if (status.code() == StatusCode::kCancelled) {
    out.stop_reason = StopReason::kCancelled;
  } else if (!status.ok()) {
    return status;
  }
  out.decode_seconds = seconds;
  out.decode_steps = steps;
  return out;
}

}  // namespace dynsplit
