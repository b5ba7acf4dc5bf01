#include "engine/grammar_constraint.h"

#include <cmath>
#include <limits>
#include <utility>

namespace dynsplit {
namespace {

constexpr size_t kMaxStates = 20'000;    // 1 KB each, and more for a deep nesting
constexpr size_t kMaxMasks = 512;        // 6 KB each for 50,000 tokens
constexpr int64_t kMaxWork = 1'200'000;  // of one walk: 50 ms
constexpr float kImpossible = -std::numeric_limits<float>::infinity();

}  // namespace

GrammarConstraint::GrammarConstraint(std::shared_ptr<const ByteGrammar> grammar,
                                     std::shared_ptr<const TokenTrie> trie)
    : trie_(std::move(trie)), automaton_(std::move(grammar)), state_(automaton_.start()) {}

bool GrammarConstraint::complete() const {
  return state_ != ByteAutomaton::kDead && automaton_.IsComplete(state_);
}

bool GrammarConstraint::Mask(std::span<float> logits) {
  bool any = false;
  const Mask64& mask = MaskOf(state_);
  for (size_t i = 0; i < logits.size(); ++i) {
    if ((mask[i / 64] >> (i % 64) & 1) != 0) {
      any = any || std::isfinite(logits[i]);
    } else {
      logits[i] = kImpossible;
    }
  }
  return any;
}

void GrammarConstraint::Accept(std::string_view bytes) {
  for (const char byte : bytes) {
    if (state_ == ByteAutomaton::kDead) return;
    state_ = automaton_.Next(state_, static_cast<uint8_t>(byte));
  }
  if (automaton_.num_states() <= kMaxStates || state_ == ByteAutomaton::kDead) return;
  masks_.clear();
  state_ = automaton_.KeepOnly(state_);
}

const GrammarConstraint::Mask64& GrammarConstraint::MaskOf(ByteAutomaton::State state) {
  const auto found = masks_.find(state);
  if (found != masks_.end()) return found->second;
  if (masks_.size() >= kMaxMasks) masks_.clear();
  return masks_.emplace(state, Walk(state)).first->second;
}

GrammarConstraint::Mask64 GrammarConstraint::Walk(ByteAutomaton::State state) {
  Mask64 mask((static_cast<size_t>(trie_->vocab_size()) + 63) / 64);
  const auto allow = [&](int32_t token) {
    mask[static_cast<size_t>(token) / 64] |= uint64_t{1} << (token % 64);
  };
  if (state == ByteAutomaton::kDead) return mask;
  if (automaton_.IsComplete(state)) {
    for (const int32_t token : trie_->ends()) allow(token);
  }
  const int64_t most_work = automaton_.work() + kMaxWork;
  const std::span<const TokenTrie::Node> nodes = trie_->nodes();
  std::vector<ByteAutomaton::State> path(static_cast<size_t>(trie_->max_depth()) + 1, state);
  for (size_t i = 0; i < nodes.size();) {
    const TokenTrie::Node& node = nodes[i];
    const auto depth = static_cast<size_t>(node.depth);
    path[depth] = automaton_.Next(path[depth - 1], node.byte);
    if (automaton_.work() > most_work) return Mask64(mask.size());
    if (path[depth] == ByteAutomaton::kDead) {
      i = static_cast<size_t>(node.behind);
      continue;
    }
    for (int32_t t = node.first_token; t < node.end_token; ++t) {
      allow(trie_->tokens()[static_cast<size_t>(t)]);
    }
    ++i;
  }
  return mask;
}

}  // namespace dynsplit
