// A prompt to read and the answers to write to it, or what else is to be done with it: what goes
// from a request to the engine's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/server/answer_stream.h"
#include "dynsplit/generate.h"
#include "dynsplit/method.h"
#include "engine/byte_grammar.h"

namespace dynsplit::server {

struct Job {
  std::vector<int32_t> prompt = {};  // at least one token, fewer than the context has room for
  Method method = {};                // of the answers; prompts are read densely
  int num_choices = 1;
  int first_choice = 0;          // what the first of them is called in events
  GenerateOptions options = {};  // of the first; the seeds of the others follow. No callbacks
  std::optional<int> top_logprobs = {};  // as AnswerRequest's
  bool prompt_logprobs = false;          // with top_logprobs: also of the prompt, then read anew
  Tracing tracing = Tracing::kNone;
  std::shared_ptr<const ByteGrammar> grammar = {};  // what answers have to be; null: anything
  // Instead of an answer: the prompt's session is saved there (kFinished tells its tokens), or one
  // that was is loaded and put into the prefix cache; then there is no prompt.
  std::string save_path = {};
  std::string load_path = {};
  std::shared_ptr<void> session_place = {};  // SessionFolder::Reserve's, held until all is done
  std::string cache_salt = {};               // prompts are shared among jobs with the same one
  std::chrono::steady_clock::time_point arrived = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::shared_ptr<AnswerStream> stream = {};
};

}  // namespace dynsplit::server
