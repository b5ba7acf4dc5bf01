// Reading a text into a session, with a person watching.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "dynsplit/method.h"
#include "dynsplit/session.h"

namespace dynsplit {

struct PrefillOptions {
  std::string label = "reading";
  bool progress = false;  // also where stderr is no terminal
  Attention attention = Attention::kDense;
  Logits logits = Logits::kLast;
  const std::atomic<bool>* cancel = nullptr;
};

// Feeds the tokens. *seconds is what that took, also where it ended early.
// Session::Feed's errors.
Status Prefill(Session* session, std::span<const int32_t> tokens, const PrefillOptions& options,
               double* seconds);

// A fork of a session that has read a text but for its `last` tokens: it has read these too, under
// `method`, and so has made what all questions about the text have in common (its index).
// Session::SetMethod's and Feed's errors.
Result<std::unique_ptr<Session>> ForkUnder(const Method& method, const Session& session,
                                           std::span<const int32_t> last, const FeedOptions& feed);

// The method to read a text under, so that forks may go on under any of `methods`: the one whose
// policy counts votes while the text is read (h2o), else the default.
Method MethodToReadUnder(std::span<const Method> methods);

}  // namespace dynsplit
