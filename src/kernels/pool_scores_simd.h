// The Highway version of PoolScores: the same contract, nothing checked, at least one block.
#pragma once

#include "kernels/pool_scores.h"

namespace dynsplit {

void PoolScoresSimd(const PoolScoresArgs& args, float* room, float* pooled);

}  // namespace dynsplit
