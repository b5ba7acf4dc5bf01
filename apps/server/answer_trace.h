// What is told of how an answer comes about, where a request asks for it (docs/server.md, "What the
// model looked at"): from the engine's thread to that of the connection.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dynsplit/choices.h"
#include "dynsplit/session.h"

namespace dynsplit::server {

enum class Tracing {
  kNone,
  kProgress,  // how far the prompt is read, and what the answer took
  kChoices,   // besides: blocks, what their boundaries weigh, and what each token attended to
};

struct TokenTrace {
  int32_t token = 0;
  // Of the pass that the token was sampled after. None of the first token: that pass was the
  // prompt's, which is read densely. None of another: the client is slow, and much waits for it.
  std::optional<BlockChoices> choices = {};
};

// What is new since the last one.
struct AnswerTrace {
  std::optional<int64_t> read = {};  // tokens of the prompt, cached ones included
  std::vector<DelimiterImportance> importance = {};
  std::vector<TokenTrace> tokens = {};
  std::vector<Block> blocks = {};
  int64_t first_block = 0;                 // number of the first of them
  std::optional<SessionStats> stats = {};  // once the answer has ended
};

}  // namespace dynsplit::server
