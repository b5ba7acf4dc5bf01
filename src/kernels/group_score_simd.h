// The Highway version of GroupScore: the same contract, nothing checked.
#pragma once

#include "kernels/group_score.h"

namespace dynsplit {

void GroupScoreSimd(const GroupScoreArgs& args, float* scores, int64_t score_stride);

}  // namespace dynsplit
