// The Highway version of TokenAttention: the same contract, nothing checked.
#pragma once

#include "kernels/token_attention.h"

namespace dynsplit {

void TokenAttentionSimd(const TokenAttentionArgs& args, SoftmaxState* states, float* outputs);

}  // namespace dynsplit
