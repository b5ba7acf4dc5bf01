// Reading a text into a session, with a person watching.
#pragma once

#include <atomic>
#include <cstdint>
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

// The method to read a text under, so that forks may go on under any of `methods`: the one whose
// policy counts votes while the text is read (h2o), else the default.
Method MethodToReadUnder(std::span<const Method> methods);

}  // namespace dynsplit
