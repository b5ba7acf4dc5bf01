// The V2F ablation of method.md section 4: one decoded token's attention to the same blocks of
// variable length, in the ways that it can be run. All give the same output, up to rounding.
#pragma once

#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "kernels/kv_view.h"
#include "kernels/softmax_state.h"

namespace dynsplit {

struct BlockAttentionArgs {
  const float* queries = nullptr;  // [group_heads, head_dim], the heads of one KV head
  int group_heads = 1;
  float scale = 1;
  KvView kv;
  std::span<const TokenRange> blocks;  // the chosen ones: at least one, sorted, disjoint
};

// What is kept from token to token, so that none of them allocates.
struct BlockAttentionScratch {
  std::vector<TokenRange> ranges;
  std::vector<Tile> tiles;
  std::vector<SoftmaxState> states;  // [parts, group_heads]
  AlignedBuffer<float> outputs;      // [parts, group_heads, head_dim]
  std::vector<int32_t> lengths;
  std::vector<const f16*> key_rows, value_rows;
  AlignedBuffer<f16> keys, values;  // [num_blocks, block_rows, head_dim]
};

// outputs [group_heads, head_dim], normalised.
using BlockAttentionFn = void(const BlockAttentionArgs& args, BlockAttentionScratch* scratch,
                              float* outputs);

// A call for each block, which has a softmax of its own; all are merged in the end.
BlockAttentionFn AttendRagged;
// The blocks copied to a batch as long as the longest of them, and the batch attended to. The best
// case of it: padding is never written, and one softmax runs through all blocks.
BlockAttentionFn AttendPadded;
// The same batch without a copy: a table of where its rows lie, padding being the block's last row.
BlockAttentionFn AttendPaddedInPlace;
// V2F as the cache runs it: the blocks become a table of tiles.
BlockAttentionFn AttendTiles;

}  // namespace dynsplit
