// The Highway version of SummaryScore: the same contract, nothing checked.
#pragma once

#include "kernels/summary_score.h"

namespace dynsplit {

void SummaryScoreSimd(const SummaryScoreArgs& args, float* scores, int64_t score_stride);

}  // namespace dynsplit
