// The Highway versions of SummaryScore and PoolScores: the same contracts, nothing checked.
#pragma once

#include "kernels/summary_score.h"

namespace dynsplit {

void SummaryScoreSimd(const SummaryScoreArgs& args, float* scores, int64_t score_stride);
void PoolScoresSimd(float* scores, int64_t score_stride, int group_heads, int64_t num_blocks,
                    float* pooled);

}  // namespace dynsplit
