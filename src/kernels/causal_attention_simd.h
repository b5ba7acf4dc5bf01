// The Highway version of CausalAttention's steps: the same contract, nothing checked. And how its
// scratch memory is laid out.
#pragma once

#include "kernels/causal_attention.h"
#include "kernels/query_columns.h"

namespace dynsplit {

// Offsets in floats, all multiples of 16, so that everything is 64-byte aligned. Queries, outputs
// and scores are transposed: [blocks, dimensions, queries of the block]. Sums over keys and over
// dimensions then run down the columns, and no vector is ever added up across.
struct CausalScratch {
  size_t queries = 0;  // [padded queries, head_dim]
  size_t outputs = 0;  // [padded queries, value_dim]
  size_t keys = 0;     // [kPageTokens, head_dim]
  size_t values = 0;   // [kPageTokens, value_dim]
  size_t scores = 0;   // [kPageTokens, kMaxBlockQueries]
  size_t rows = 0;     // [padded queries]: the row each belongs to
  size_t max = 0;      // [padded queries]
  size_t sum = 0;      // [padded queries]
  size_t total = 0;

  CausalScratch(size_t head_dim, size_t value_dim, size_t num_queries) {
    const size_t padded =
        (num_queries + kMaxBlockQueries - 1) / kMaxBlockQueries * kMaxBlockQueries;
    outputs = queries + padded * head_dim;
    keys = outputs + padded * value_dim;
    values = keys + kPageTokens * head_dim;
    scores = values + kPageTokens * value_dim;
    rows = scores + kPageTokens * kMaxBlockQueries;
    max = rows + padded;
    sum = max + padded;
    total = sum + padded;
  }
};

void CausalAttentionStartSimd(const CausalAttentionArgs& args, float* scratch);
void CausalAttentionAddEarlierSimd(const CausalAttentionArgs& args, float* scratch);
void CausalAttentionAddSimd(const CausalAttentionArgs& args, TokenRange tokens, float* scratch);
void CausalAttentionFinishSimd(const CausalAttentionArgs& args, float* scratch);

}  // namespace dynsplit
