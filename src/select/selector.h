// Which blocks a query attends to besides sink and recent (method.md section 5).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "dynsplit/method.h"
#include "index/block_index.h"
#include "kernels/top_indices.h"

namespace dynsplit {

// One query row of one layer and KV head.
struct SelectInput {
  const float* queries = nullptr;  // [group_heads, head_dim], unscaled, after RoPE
  int group_heads = 1;
  float scale = 1;      // multiplies every score, usually 1 / sqrt(head_dim)
  float score_cap = 0;  // soft-cap of the scores (kernels/score_cap.h); 0: none
  int layer = 0;        // of the index
  int kv_head = 0;
  int64_t position = 0;               // of the row
  KvView kv = {};                     // kTop with refine and kOracle read it; 0..position
  const BlockIndex* index = nullptr;  // only kTop reads it; it holds the candidates at least
  std::span<const Block> blocks;      // consecutive: each starts where the one before ends
  int64_t first_block = 0;            // candidates are the blocks [first_block, end_block)
  int64_t end_block = 0;
  int64_t budget_tokens = 0;
  double budget_mass = 0;  // share of the candidates' estimated mass that is enough; 0: no such end
  uint64_t seed = 0;       // for kRandom
  const float* votes = nullptr;  // [candidates], mean of their tokens, for kSnapKv and kH2o
};

// Buffers that grow to the number of candidates and are then reused: no allocation per token. One
// per thread.
struct SelectScratch {
  AlignedBuffer<float> scores;    // [group_heads, candidates or keys, rounded up]
  AlignedBuffer<float> room;      // [one head's scores]
  AlignedBuffer<float> shares;    // [candidates or keys]: of the attention, pooled over the heads
  std::vector<uint64_t> ranking;  // [candidates]: score and index, packed
  // Of a second look:
  std::vector<int32_t> candidates;  // blocks looked at
  std::vector<Block> subset;        // [candidates]: these
  std::vector<int32_t> keys;        // positions of their keys, then of what is always attended to
  TopIndicesScratch top;
};

// Sets *chosen to block indices, ascending. Not for methods that choose tokens
// (select/token_selection.h).
// Their tokens never exceed budget_tokens, but for kAll, which takes every candidate. Candidates
// that all fit are taken without being scored, unless a budget of mass is given too: then blocks
// are taken only until they hold that much.
// Best first by pooled share, or by share per token (kDensity, and votes), the lower index first
// where they are equal (a NaN counts as the least); a block that does not fit any more is passed
// over for the next best that does, up to kMaxPassedOver times: long blocks would else leave much
// of a small budget unused. Cost: one pass over the candidates' summaries (kOracle: over all keys
// and values), then O(candidates + chosen log chosen) expected. Thread safety: distinct scratch and
// chosen.
void SelectBlocks(const Method& method, const SelectInput& input, SelectScratch* scratch,
                  std::vector<int32_t>* chosen);
inline constexpr int kMaxPassedOver = 8;

}  // namespace dynsplit
