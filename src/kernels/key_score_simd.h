// The Highway version of KeyScore: the same contract, nothing checked.
#pragma once

#include "kernels/key_score.h"

namespace dynsplit {

void KeyScoreSimd(const KeyScoreArgs& args, float* scores, int64_t score_stride);

}  // namespace dynsplit
