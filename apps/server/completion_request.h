// Requests for answers, read from JSON: what POST /v1/chat/completions and POST /v1/completions
// take. What is wrong gives a 400 that names the field; fields that are not known are ignored.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "apps/server/answer_trace.h"
#include "apps/server/api_error.h"
#include "dynsplit/chat.h"
#include "dynsplit/method.h"
#include "dynsplit/sampler.h"
#include "engine/byte_grammar.h"

namespace dynsplit::server {

inline constexpr int64_t kMaxTokensLimit = int64_t{1} << 30;  // of one answer
inline constexpr int kMaxTopLogprobs = 20;
inline constexpr size_t kMaxPrompts = 64;
inline constexpr size_t kMaxStops = 16;
inline constexpr size_t kMaxStopBytes = 1024;  // of one: each piece of an answer is compared

// What the server brings to a request.
struct RequestDefaults {
  Method method;
  int max_choices = 8;  // answers at the same time
  int32_t vocab_size = 0;
};

// What both kinds of request ask of an answer.
struct AnswerRequest {
  std::string model;  // "": whichever there is
  bool stream = false;
  bool include_usage = false;  // a last chunk that tells it
  int num_choices = 1;
  std::optional<int64_t> max_tokens;  // none: as many as the context has room for
  SamplerOptions sampler;             // the seed is set, drawn where none was given
  std::vector<std::string> stop;
  std::optional<int> top_logprobs;  // given: logprobs of each token, and of so many likeliest ones
  bool ignore_end = false;
  std::shared_ptr<const ByteGrammar> grammar;  // what it has to be; null: anything
  Method method;
  Tracing tracing = Tracing::kNone;  // else the request is for a stream of one answer
};

struct ChatRequest {
  AnswerRequest answer;
  std::vector<ChatMessage> messages;
};
std::optional<ApiError> ParseChatRequest(const std::string& body, const RequestDefaults& defaults,
                                         ChatRequest* request);

using PromptInput = std::variant<std::string, std::vector<int32_t>>;  // a text, or its tokens
struct CompletionRequest {
  AnswerRequest answer;
  std::vector<PromptInput> prompts;  // at least one
  bool echo = false;                 // the prompt stands before the answer
  bool parse_special = true;         // control tokens by their names in a text
};
std::optional<ApiError> ParseCompletionRequest(const std::string& body,
                                               const RequestDefaults& defaults,
                                               CompletionRequest* request);

// Token ids, each below `vocab_size`; what is none is an error of the field `key`.
std::optional<ApiError> ParseTokens(const Json& list, const std::string& key, int32_t vocab_size,
                                    std::vector<int32_t>* tokens);

}  // namespace dynsplit::server
