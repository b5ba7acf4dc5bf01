// Which KV heads must attend to everything: found by what a model foresees without and with them
// (docs/method.md, section 7). A passage of a text that was read stands once more at its end; from
// its first tokens the model recalls the others, if the heads that find them see enough. The
// divergence from full attention tells whether they do.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "apps/common/profile.h"
#include "dynsplit/engine.h"
#include "dynsplit/method.h"
#include "dynsplit/status.h"

namespace dynsplit::eval {

struct CalibrationPlan {
  Method method;          // how the other heads select
  int passages = 16;      // of each text
  int most_heads = 4;     // that may become dense
  double least_gain = 0;  // share of the divergence that one more head has to take away
  // Called after each measurement, with the heads that were dense and the divergence.
  std::function<void(std::span<const LayerHead>, double)> on_measured = {};
  bool progress = false;  // also where stderr is no terminal
  const std::atomic<bool>* cancel = nullptr;
};

struct Calibration {
  double divergence = 0;  // mean KL(full || method) of a passage's token, in nats, without any
                          // dense head
  std::vector<ProfileHead> heads;  // in the order in which they were found
};

// InvalidArgument, with both lengths, where a text of so many tokens is too short for the passages.
Status CheckLength(size_t num_tokens, int passages);

// Greedy: the layer whose density takes away most, then the KV head of it that does, until
// plan.most_heads are found or the next one takes away less than plan.least_gain of what is left.
// After the first head only the eight best layers are tried. Cost: layers + KV heads of a layer
// measurements for the first head, 8 + KV heads for each other; one of them cuts each text anew and
// feeds about 25 tokens a passage. Full attention's logits of these are held: 15 MB a passage for
// Qwen's vocabulary. At least one text and one passage, and a method that selects blocks.
// CheckLength's and the engine's errors; Cancelled.
Result<Calibration> Calibrate(const CalibrationPlan& plan,
                              std::span<const std::vector<int32_t>> texts, Engine* engine);

}  // namespace dynsplit::eval
