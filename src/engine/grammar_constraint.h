// Holds an answer to a grammar: only tokens whose bytes go on with a text of it may come next, and
// the end where the text is whole. Belongs to its answer's thread.
//
// Cost: a mask is made once for each state of the text, by a walk over those tokens that are
// allowed: 0.1 to 3 ms for 50,000 tokens. States come again and again (within a string all
// characters lead to one), so most tokens take a copy of the logits and no more. A grammar whose
// texts may be meant in too many ways at once takes longer; where a walk would take more than about
// 50 ms, nothing is allowed to come next.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dynsplit/generate.h"
#include "engine/byte_automaton.h"
#include "engine/token_trie.h"

namespace dynsplit {

class GrammarConstraint : public TokenConstraint {
 public:
  // Of the answer's vocabulary.
  GrammarConstraint(std::shared_ptr<const ByteGrammar> grammar,
                    std::shared_ptr<const TokenTrie> trie);

  bool Mask(std::span<float> logits) override;
  void Accept(std::string_view bytes) override;
  bool complete() const override;

 private:
  using Mask64 = std::vector<uint64_t>;  // [vocab_size / 64], a bit for each token that may come

  const Mask64& MaskOf(ByteAutomaton::State state);
  Mask64 Walk(ByteAutomaton::State state);

  std::shared_ptr<const TokenTrie> trie_;
  ByteAutomaton automaton_;
  ByteAutomaton::State state_;
  std::unordered_map<ByteAutomaton::State, Mask64> masks_;
};

}  // namespace dynsplit
