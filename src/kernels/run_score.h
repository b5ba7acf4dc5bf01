// What a block of query rows wants of the keys before it, by the means of short runs of them: what
// a selected prefill chooses by. method.md section 8.
#pragma once

#include <cstddef>

#include "kernels/kv_view.h"

namespace dynsplit {

inline constexpr int kMeanChunk = 64;  // means that lie one behind the other

struct RunScoreArgs {
  // Row i, head j at queries + i * query_row_stride + j * head_dim, unscaled, after RoPE.
  const float* queries = nullptr;
  int64_t query_row_stride = 0;
  int rows = 0;
  int group_heads = 1;
  int head_dim = 0;  // a multiple of 16, at most kMaxHeadDim
  float scale = 1;
  float score_cap = 0;  // soft-cap of the scaled scores (score_cap.h); 0: none
  // chunks[c] holds the means of runs c * kMeanChunk and on, [kMeanChunk, head_dim], in f16.
  const f16* const* chunks = nullptr;
  int64_t num_runs = 0;
};

// Floats of scratch that one call needs.
size_t RunScoreScratch(int head_dim, int64_t num_runs);

// worth[num_runs]: of each run the largest share that any row and head gives it, in a softmax over
// all runs. Cost: O(rows * group_heads * num_runs * head_dim). `scratch` is 64-byte aligned and
// holds RunScoreScratch() floats. Thread safety: calls may run at once with distinct worth and
// scratch.
void RunScore(const RunScoreArgs& args, float* scratch, float* worth);
void RunScoreRef(const RunScoreArgs& args, float* worth);

}  // namespace dynsplit
