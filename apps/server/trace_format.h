// What is told of how an answer comes about, as JSON: the key "dynsplit" in the chunks of a stream.
// Belongs to the thread of its request.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "apps/common/json.h"
#include "apps/server/answer_stream.h"
#include "dynsplit/method.h"
#include "dynsplit/tokenizer.h"

namespace dynsplit::server {

class TraceFormat {
 public:
  // The tokenizer must outlive it.
  TraceFormat(Tracing tracing, std::span<const int32_t> prompt, const Method& method,
              const Tokenizer& tokenizer);

  // Of an event of the one answer; an empty object where there is nothing to tell.
  Json Of(const AnswerEvent& event);

 private:
  Json Opening(const AnswerEvent& event) const;
  Json ToJson(const TokenTrace& token);
  Json ToJson(const Block& block) const;
  void Append(int32_t token);
  // Where the token's text begins, or the next character where it begins within one.
  int64_t ByteOf(int64_t token_idx) const;

  const Tracing tracing_;
  const int64_t prompt_tokens_;
  const Method method_;
  const Tokenizer& tokenizer_;
  bool began_ = false;         // the answer's first token has been told
  std::string text_;           // of prompt and answer so far
  std::vector<size_t> bytes_;  // [tokens + 1]: where each of them begins in it
};

}  // namespace dynsplit::server
