// Answers as JSON: the objects of the two kinds of request, whole or in the chunks of a stream.
// Belongs to the thread of its request.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/common/json.h"
#include "apps/server/answer_stream.h"
#include "dynsplit/tokenizer.h"

namespace dynsplit::server {

struct Usage {
  int64_t prompt_tokens = 0;
  int64_t cached_tokens = 0;
  int64_t completion_tokens = 0;
};
Json ToJson(const Usage& usage);

// "stop" or "length".
std::string FinishReason(StopReason reason);

// All that is known of one answer.
struct Choice {
  std::string text = {};
  std::vector<TokenScore> scores = {};
  StopReason stop_reason = StopReason::kLength;
};

class AnswerFormat {
 public:
  struct Header {
    std::string id;
    int64_t created = 0;  // seconds since 1970
    std::string model;
    bool logprobs = false;
    bool usage_follows = false;  // of a stream: its last chunk tells it, the others say null
  };

  AnswerFormat(Header header, const Tokenizer& tokenizer)
      : header_(std::move(header)), tokenizer_(tokenizer) {}
  virtual ~AnswerFormat() = default;

  // The chunks of a stream. What stands before a choice's first text: an empty object, where
  // nothing does.
  virtual Json Opening(int choice) = 0;
  virtual Json Delta(int choice, const std::string& text,
                     const std::vector<TokenScore>& scores) = 0;
  virtual Json Closing(int choice, StopReason reason) = 0;
  Json UsageChunk(const Usage& usage) const;
  Json BareChunk() const { return Envelope(chunk_object()); }  // of no choice

  virtual Json Whole(const std::vector<Choice>& choices, const Usage& usage) = 0;

 protected:
  Json Envelope(const char* object) const;
  virtual const char* chunk_object() const = 0;
  // The token's bytes, a special token by its name.
  std::string TokenText(int32_t token) const;

  const Header header_;
  const Tokenizer& tokenizer_;
};

// chat.completion and chat.completion.chunk. The tokenizer must outlive it, as of the next.
std::unique_ptr<AnswerFormat> MakeChatFormat(AnswerFormat::Header header,
                                             const Tokenizer& tokenizer);
// text_completion.
std::unique_ptr<AnswerFormat> MakeTextFormat(AnswerFormat::Header header,
                                             const Tokenizer& tokenizer);

}  // namespace dynsplit::server
