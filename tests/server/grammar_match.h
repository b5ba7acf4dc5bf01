// Whether a text is one of a grammar.
#pragma once

#include <memory>
#include <string>

#include "engine/byte_automaton.h"

namespace dynsplit::testing {

inline bool MatchesGrammar(std::shared_ptr<const ByteGrammar> grammar, const std::string& text) {
  ByteAutomaton automaton(std::move(grammar));
  ByteAutomaton::State state = automaton.start();
  for (const char c : text) {
    if (state == ByteAutomaton::kDead) return false;
    state = automaton.Next(state, static_cast<uint8_t>(c));
  }
  return state != ByteAutomaton::kDead && automaton.IsComplete(state);
}

}  // namespace dynsplit::testing
