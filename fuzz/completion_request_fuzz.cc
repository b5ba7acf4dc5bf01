// Any bytes as the body of a request: it is taken or refused with a 400 that says why, and what it
// wants of an answer, a grammar too, can be begun.
#include <cstdint>
#include <string>

#include "apps/server/completion_request.h"
#include "base/check.h"
#include "engine/byte_automaton.h"

namespace dynsplit::server {
namespace {

const RequestDefaults kDefaults = {.method = {}, .max_choices = 4, .vocab_size = 300};

// True where the request was taken.
bool CheckError(const std::optional<ApiError>& error) {
  if (!error) return true;
  DYNSPLIT_CHECK(error->http_status == 400 && !error->message.empty());
  DYNSPLIT_CHECK(!DumpJson(ToJson(*error)).empty());
  return false;
}

void CheckAnswer(const AnswerRequest& answer) {
  DYNSPLIT_CHECK(ValidateSampler(answer.sampler).ok());
  DYNSPLIT_CHECK(answer.num_choices >= 1 && answer.num_choices <= kDefaults.max_choices);
  DYNSPLIT_CHECK(answer.stop.size() <= kMaxStops);
  if (!answer.grammar) return;
  ByteAutomaton automaton(answer.grammar);
  DYNSPLIT_CHECK(automaton.start() != ByteAutomaton::kDead);
  // Every text goes on to its end: here by the first byte that may come.
  ByteAutomaton::State state = automaton.start();
  for (int i = 0; i < 200 && !automaton.IsComplete(state); ++i) {
    ByteAutomaton::State next = ByteAutomaton::kDead;
    for (int byte = 255; byte >= 0 && next == ByteAutomaton::kDead; --byte) {
      next = automaton.Next(state, static_cast<uint8_t>(byte));
    }
    if (next == ByteAutomaton::kDead) return;  // nested too deeply
    state = next;
  }
}

}  // namespace
}  // namespace dynsplit::server

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dynsplit::server;  // NOLINT: the entry point of libFuzzer is not in a namespace
  const std::string body(reinterpret_cast<const char*>(data), size);
  ChatRequest chat;
  if (CheckError(ParseChatRequest(body, kDefaults, &chat))) CheckAnswer(chat.answer);
  CompletionRequest completion;
  if (CheckError(ParseCompletionRequest(body, kDefaults, &completion))) {
    DYNSPLIT_CHECK(!completion.prompts.empty());
    CheckAnswer(completion.answer);
  }
  return 0;
}
