// Writing an answer: sample, show, feed back, until something says stop.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/sampler.h"
#include "dynsplit/session.h"
#include "dynsplit/tokenizer.h"

namespace dynsplit {

// What an answer may be: which tokens may come next, given those before. Of one answer.
class TokenConstraint {
 public:
  virtual ~TokenConstraint() = default;

  // Makes what may not come next impossible, -infinity, in logits [vocab_size]. A token that ends
  // the answer may come where the answer is complete. False where nothing at all may come.
  virtual bool Mask(std::span<float> logits) = 0;
  // The answer goes on with these bytes, those of a token that could come.
  virtual void Accept(std::string_view bytes) = 0;
  // Whether the answer may end here.
  virtual bool complete() const = 0;
};

struct GenerateOptions {
  int64_t max_tokens = 256;
  SamplerOptions sampler = {};
  std::vector<std::string> stop = {};  // texts that end the answer; they are not part of it
  bool ignore_end = false;             // go on past end-of-generation tokens (for benchmarks)
  // Holds the answer to it; null: to nothing. It then ends where it is complete, ignore_end or not,
  // and with kLength where nothing may come and it is not.
  std::shared_ptr<TokenConstraint> constraint = {};
  // Called with whole UTF-8 characters as they come.
  std::function<void(std::string_view)> on_text = {};
  // Called with each token of the answer, before its text, and the model's logits in its
  // place.
  std::function<void(int32_t token, std::span<const float> logits)> on_token = {};
  const std::atomic<bool>* cancel = nullptr;
};

enum class StopReason { kEnd, kLength, kStopText, kContext, kCancelled };
// "end", "length", "stop", "context", "cancelled". Static storage.
std::string_view StopReasonName(StopReason reason);

struct Generation {
  std::string text;
  std::vector<int32_t> tokens;  // what was sampled, the end token not included
  StopReason stop_reason = StopReason::kLength;
  double decode_seconds = 0;  // of the steps after the first token (which the prefill gave)
  int64_t decode_steps = 0;
};

// Continues `session`, whose last pass left the logits of its last token, with
// Attention::kSelected. A full context ends the answer (kContext), it is no error. The last
// token sampled is fed back only if another one is wanted.
Result<Generation> Generate(Session* session, const Tokenizer& tokenizer,
                            const GenerateOptions& options);

// The same step by step, the passes left to the caller: several answers may share them
// (Engine::Run). Belongs to its session's thread.
class AnswerWriter {
 public:
  // InvalidArgument as of Generate. Session, tokenizer and options.cancel must outlive the writer.
  static Result<AnswerWriter> Create(Session* session, const Tokenizer& tokenizer,
                                     const GenerateOptions& options);
  AnswerWriter(AnswerWriter&&) noexcept;
  AnswerWriter& operator=(AnswerWriter&&) noexcept;
  ~AnswerWriter();

  // Samples from the session's logits: the token to feed before the next call, or none where the
  // answer is at its end; then it must not be called again.
  std::optional<int32_t> Next();
  // What was written, with what was held back of the text; the times are left at 0. The last call.
  Generation Finish();

 private:
  struct Impl;
  explicit AnswerWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dynsplit
