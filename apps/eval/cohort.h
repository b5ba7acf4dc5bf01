// Questions answered side by side: the sequences share the passes of the model, so that its weights
// are read once for all of them. A sequence joins when another one has ended.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "dynsplit/engine.h"
#include "dynsplit/generate.h"

namespace dynsplit::eval {

// A question before a sequence that has read what comes before it.
struct Candidate {
  std::unique_ptr<Session> session;
  std::vector<int32_t> question;  // its tokens; none: the answer goes on from the session's logits
  Attention attention = Attention::kSelected;  // of the question
  GenerateOptions options;
  // Called once, when the answer is there.
  std::function<Status(const Session& session, const Generation& answer)> on_answer;
};

// Belongs to the engine's thread.
class Cohort {
 public:
  // A pass ends early, and Step with Cancelled, once *cancel is set.
  Cohort(Engine* engine, const std::atomic<bool>* cancel) : engine_(*engine), cancel_(cancel) {}

  // Lets the candidate join, after as many passes as it takes until one has left, where there is
  // no room. Errors as of Step.
  Status Admit(Candidate candidate);
  // Passes until everybody has answered.
  Status Finish();

 private:
  struct Seat {
    Candidate candidate;
    size_t asked = 0;                         // tokens of the question that have been fed
    std::optional<AnswerWriter> writer = {};  // once all of them have
    int32_t token = 0;                        // of the answer, to be fed next
  };
  using Seats = std::list<Seat>;

  // One pass for those who sit. Errors of the engine and of on_answer; what was not handed over
  // is lost.
  Status Step();
  // What the seat feeds next; no tokens where they do not fit in the room that is left.
  BatchItem NextItem(const Seat& seat, size_t room) const;
  // Takes what the last pass gave; true if the answer is handed over.
  Result<bool> Advance(Seat* seat);

  Engine& engine_;
  const std::atomic<bool>* cancel_;
  Seats seats_;
};

}  // namespace dynsplit::eval
