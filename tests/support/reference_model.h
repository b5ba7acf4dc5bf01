// The transformer of a tiny f32 model in double precision, straight from the formulas (arXiv
// 2302.13971; RoPE: arXiv 2104.09864): slow, and with nothing in common with the engine but the
// weights.
#pragma once

#include <span>
#include <vector>

#include "model/weights.h"

namespace dynsplit::testing {

// Logits [tokens, vocab_size] of a text from empty.
std::vector<std::vector<double>> ReferenceLogits(const Weights& weights,
                                                 std::span<const int32_t> tokens);

}  // namespace dynsplit::testing
