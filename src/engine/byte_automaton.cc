#include "engine/byte_automaton.h"

#include <algorithm>
#include <set>

namespace dynsplit {

using Node = ByteGrammar::Node;

ByteAutomaton::ByteAutomaton(std::shared_ptr<const ByteGrammar> grammar)
    : grammar_(std::move(grammar)) {
  start_ = Close({{grammar_->start(), kNoCalls}});
}

ByteAutomaton::State ByteAutomaton::Next(State state, uint8_t byte) {
  const size_t at = static_cast<size_t>(state) * kNumBytes + byte;
  if (next_[at] == kUnknown) Compute(state, byte);
  return next_[at];
}

// Also for the bytes around it that the same edges read.
void ByteAutomaton::Compute(State state, uint8_t byte) {
  std::vector<Place> places;
  int first = 0, last = kNumBytes - 1;
  for (const auto& [node, stack] : states_[static_cast<size_t>(state)].places) {
    for (const ByteGrammar::Edge& edge : grammar_->edges(node)) {
      ++work_;
      if (edge.first > edge.last) continue;
      if (byte < edge.first) {
        last = std::min(last, edge.first - 1);
      } else if (byte > edge.last) {
        first = std::max(first, edge.last + 1);
      } else {
        first = std::max<int>(first, edge.first);
        last = std::min<int>(last, edge.last);
        places.emplace_back(edge.to, stack);
      }
    }
  }
  const State next = Close(std::move(places));  // may move next_
  const auto row = next_.begin() + static_cast<ptrdiff_t>(state) * kNumBytes;
  std::fill(row + first, row + last + 1, next);
}

ByteAutomaton::State ByteAutomaton::Close(std::vector<Place> places) {
  std::set<Place> seen(places.begin(), places.end());
  StateEntry entry;
  const auto come_to = [&](Node node, Stack stack) {
    if (seen.emplace(node, stack).second) places.emplace_back(node, stack);
  };
  while (!places.empty()) {
    if (seen.size() > kMaxPlaces) {
      overflowed_ = true;
      return kDead;
    }
    const auto [node, stack] = places.back();
    places.pop_back();
    if (node == ByteGrammar::kEnd) {
      if (stack == kNoCalls) {
        entry.complete = true;
      } else {
        const Frame frame = frames_[static_cast<size_t>(stack)];
        come_to(frame.to, frame.outer);
      }
      continue;
    }
    bool reads = false;
    for (const ByteGrammar::Edge& edge : grammar_->edges(node)) {
      ++work_;
      if (edge.first <= edge.last) {
        reads = true;
      } else if (edge.call == ByteGrammar::kNone) {
        come_to(edge.to, stack);
      } else if (DepthOf(stack) < kMaxCalls) {
        come_to(edge.call, Push(edge.to, stack));
      }
    }
    if (reads) entry.places.emplace_back(node, stack);
  }
  if (entry.places.empty() && !entry.complete) return kDead;
  std::sort(entry.places.begin(), entry.places.end());
  const auto fresh = static_cast<State>(states_.size());
  const auto [found, added] = state_of_.try_emplace({entry.places, entry.complete}, fresh);
  if (added) {
    states_.push_back(std::move(entry));
    next_.resize(states_.size() * kNumBytes, kUnknown);
  }
  return found->second;
}

// A call whose rule is the last thing of its own rule needs no frame: lists do not grow the stack.
ByteAutomaton::Stack ByteAutomaton::Push(Node to, Stack outer) {
  if (to == ByteGrammar::kEnd) return outer;
  const auto fresh = static_cast<Stack>(frames_.size());
  const auto [found, added] = frame_of_.try_emplace({to, outer}, fresh);
  if (added) frames_.push_back({.to = to, .outer = outer, .depth = DepthOf(outer) + 1});
  return found->second;
}

int ByteAutomaton::DepthOf(Stack stack) const {
  return stack == kNoCalls ? 0 : frames_[static_cast<size_t>(stack)].depth;
}

ByteAutomaton::State ByteAutomaton::KeepOnly(State state) {
  const std::vector<Frame> frames = std::exchange(frames_, {});
  std::vector<Place> places = std::move(states_[static_cast<size_t>(state)].places);
  const bool complete = states_[static_cast<size_t>(state)].complete;
  frame_of_.clear();
  states_.clear();
  state_of_.clear();
  next_.clear();
  for (Place& place : places) place.second = Copy(frames, place.second);
  if (complete) places.emplace_back(ByteGrammar::kEnd, kNoCalls);
  start_ = Close({{grammar_->start(), kNoCalls}});
  return Close(std::move(places));
}

ByteAutomaton::Stack ByteAutomaton::Copy(const std::vector<Frame>& frames, Stack stack) {
  if (stack == kNoCalls) return kNoCalls;
  const Frame& frame = frames[static_cast<size_t>(stack)];
  return Push(frame.to, Copy(frames, frame.outer));
}

}  // namespace dynsplit
