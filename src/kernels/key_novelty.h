// How much the keys of one (layer, KV head) change at a cut (method.md section 3): the scatter that
// the cut takes out of the keys around it. Scatter is the sum of squared distances of keys to their
// mean, which is what a block's summary loses.
#pragma once

#include "kernels/kv_view.h"

namespace dynsplit {

inline constexpr int kMaxNoveltyWindow = 16;

struct KeyNoveltyArgs {
  KvView kv;
  TokenRange keys;  // these count
  TokenRange cuts;  // after each of these tokens; within `keys`
  int window = 0;   // keys looked at on either side, 1..kMaxNoveltyWindow; fewer at the ends
};

// novelty[i - cuts.start], for a cut after token i with b keys before it (its own among them) and a
// keys behind: a b / (a + b) * |mean after - mean before|^2, the scatter of all of them less that
// of both sides (Ward's criterion). 0 where nothing is behind.
// Cost: O(window * head_dim) a cut. Thread safety: calls may run at once on distinct outputs.
void KeyNovelty(const KeyNoveltyArgs& args, float* novelty);
void KeyNoveltyRef(const KeyNoveltyArgs& args, float* novelty);

}  // namespace dynsplit
