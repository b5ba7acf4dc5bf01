// The Highway version of RunScore: the same contract, nothing checked. And how its scratch memory
// is laid out.
#pragma once

#include "kernels/query_columns.h"
#include "kernels/run_score.h"

namespace dynsplit {

// Offsets in floats, all multiples of 16, so that everything is 64-byte aligned. Queries are
// handled in blocks of at most kMaxBlockQueries.
struct RunScratch {
  size_t columns = 0;  // [head_dim, kMaxBlockQueries]
  size_t means = 0;    // [kMeanChunk, head_dim]
  size_t lse = 0;      // [kMaxBlockQueries]
  size_t scores = 0;   // [num_runs, kMaxBlockQueries], num_runs rounded up to whole chunks
  size_t total = 0;

  RunScratch(size_t head_dim, size_t num_runs) {
    means = columns + head_dim * kMaxBlockQueries;
    lse = means + kMeanChunk * head_dim;
    scores = lse + kMaxBlockQueries;
    total = scores + (num_runs + kMeanChunk - 1) / kMeanChunk * kMeanChunk * kMaxBlockQueries;
  }
};

void RunScoreSimd(const RunScoreArgs& args, float* scratch, float* worth);

}  // namespace dynsplit
