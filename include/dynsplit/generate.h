// Writing an answer: sample, show, feed back, until something says stop.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/sampler.h"
#include "dynsplit/session.h"
#include "dynsplit/tokenizer.h"

namespace dynsplit {

struct GenerateOptions {
  int64_t max_tokens = 256;
  SamplerOptions sampler = {};
  std::vector<std::string> stop = {};  // texts that end the answer; they are not part of it
  bool ignore_end = false;             // go on past end-of-generation tokens (for benchmarks)
  // Called with whole UTF-8 characters as they come.
  std::function<void(std::string_view)> on_text = {};
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

}  // namespace dynsplit
