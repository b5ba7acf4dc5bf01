// Reads bytes by a grammar: a state stands for all the places of the grammar that a text may have
// come to, each with the calls that it is in. States are made when they are first come to, and from
// then on a byte costs one look into a table. Not thread safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "engine/byte_grammar.h"

namespace dynsplit {

class ByteAutomaton {
 public:
  using State = int32_t;
  static constexpr State kDead = -1;  // no text begins so
  // Bounds what one step may cost. Texts that need more are not allowed: fewer texts, never others.
  static constexpr int kMaxCalls = 64;  // within one another
  static constexpr size_t kMaxPlaces = 2000;

  explicit ByteAutomaton(std::shared_ptr<const ByteGrammar> grammar);

  State start() const { return start_; }
  State Next(State state, uint8_t byte);
  bool IsComplete(State state) const { return states_[static_cast<size_t>(state)].complete; }

  // 1 KB for each, and its places.
  size_t num_states() const { return states_.size(); }
  // Edges that were looked at to make them: what all steps so far have cost, about 45 ns each.
  int64_t work() const { return work_; }
  // Whether a text was not allowed because of kMaxPlaces.
  bool overflowed() const { return overflowed_; }
  // Forgets all states but this one; its new name.
  State KeepOnly(State state);

 private:
  using Stack = int32_t;  // of calls: an index into frames_; kNoCalls: none
  static constexpr Stack kNoCalls = -1;
  static constexpr State kUnknown = -2;
  static constexpr size_t kNumBytes = 256;

  struct Frame {
    ByteGrammar::Node to;  // where it goes on when the innermost call ends
    Stack outer;
    int depth;
  };
  using Place = std::pair<ByteGrammar::Node, Stack>;
  struct StateEntry {
    std::vector<Place> places;  // those that a byte leads on from; ascending
    bool complete = false;      // the text may end here
  };

  Stack Push(ByteGrammar::Node to, Stack outer);
  int DepthOf(Stack stack) const;
  // Follows edges without bytes, and makes or finds the state of all that is come to.
  State Close(std::vector<Place> places);
  void Compute(State state, uint8_t byte);
  Stack Copy(const std::vector<Frame>& frames, Stack stack);

  std::shared_ptr<const ByteGrammar> grammar_;
  std::vector<Frame> frames_;
  std::map<Place, Stack> frame_of_;
  std::vector<StateEntry> states_;
  std::map<std::pair<std::vector<Place>, bool>, State> state_of_;
  std::vector<State> next_;  // [num_states, kNumBytes]
  State start_ = kDead;
  int64_t work_ = 0;
  bool overflowed_ = false;
};

}  // namespace dynsplit
