// The Highway version of TileAttention: the same contract, nothing checked.
#pragma once

#include "kernels/tile_attention.h"

namespace dynsplit {

void TileAttentionSimd(const TileAttentionArgs& args, SoftmaxState* states, float* outputs);

}  // namespace dynsplit
