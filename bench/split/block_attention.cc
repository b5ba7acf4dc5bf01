#include "split/block_attention.h"

#include <algorithm>
#include <cstring>

#include "kernels/tile_attention.h"
#include "split/padded_batch.h"
#include "split/tile_map.h"

namespace dynsplit {
namespace {

size_t OutputElements(const BlockAttentionArgs& args) {
  return static_cast<size_t>(args.group_heads) * args.kv.head_dim;
}

void ReserveParts(const BlockAttentionArgs& args, size_t parts, BlockAttentionScratch* scratch) {
  scratch->states.resize(parts * args.group_heads);
  scratch->outputs.Resize(parts * OutputElements(args));
}

// Part `part` of the scratch: attention to scratch->tiles.
void RunTiles(const BlockAttentionArgs& args, size_t part, BlockAttentionScratch* scratch) {
  TileAttention({.queries = args.queries,
                 .group_heads = args.group_heads,
                 .scale = args.scale,
                 .kv = args.kv,
                 .tiles = scratch->tiles.data(),
                 .num_tiles = static_cast<int>(scratch->tiles.size())},
                &scratch->states[part * args.group_heads],
                &scratch->outputs[part * OutputElements(args)]);
}

void MergeParts(const BlockAttentionArgs& args, const BlockAttentionScratch& scratch,
                float* outputs) {
  const int parts = static_cast<int>(scratch.states.size()) / args.group_heads;
  const int head_dim = args.kv.head_dim;
  for (int h = 0; h < args.group_heads; ++h) {
    const size_t at = static_cast<size_t>(h) * head_dim;
    MergeSoftmax(&scratch.states[h], &scratch.outputs[at], parts, args.group_heads, head_dim,
                 outputs + at);
  }
}

// Sets the lengths. Returns the longest.
int FindLengths(std::span<const TokenRange> blocks, std::vector<int32_t>* lengths) {
  lengths->clear();
  for (const TokenRange& block : blocks) {
    lengths->push_back(static_cast<int32_t>(block.end - block.start));
  }
  return *std::max_element(lengths->begin(), lengths->end());
}

void RunPadded(const BlockAttentionArgs& args, const PaddedBatch& batch,
               BlockAttentionScratch* scratch, float* outputs) {
  ReserveParts(args, 1, scratch);
  PaddedBatchAttention({.queries = args.queries,
                        .group_heads = args.group_heads,
                        .head_dim = args.kv.head_dim,
                        .scale = args.scale,
                        .batch = batch},
                       scratch->states.data(), scratch->outputs.data());
  MergeParts(args, *scratch, outputs);
}

}  // namespace

void AttendRagged(const BlockAttentionArgs& args, BlockAttentionScratch* scratch, float* outputs) {
  ReserveParts(args, args.blocks.size(), scratch);
  for (size_t b = 0; b < args.blocks.size(); ++b) {
    scratch->tiles.clear();
    AppendTiles(args.blocks.subspan(b, 1), kPageTokens, &scratch->tiles);
    RunTiles(args, b, scratch);
  }
  MergeParts(args, *scratch, outputs);
}

void AttendPadded(const BlockAttentionArgs& args, BlockAttentionScratch* scratch, float* outputs) {
  const int block_rows = FindLengths(args.blocks, &scratch->lengths);
  const size_t head_dim = static_cast<size_t>(args.kv.head_dim);
  const size_t elements = args.blocks.size() * block_rows * head_dim;
  if (scratch->keys.size() < elements) {
    scratch->keys.Resize(elements);
    scratch->values.Resize(elements);
    std::fill_n(scratch->keys.data(), elements, f16{0});
    std::fill_n(scratch->values.data(), elements, f16{0});
  }
  for (size_t b = 0; b < args.blocks.size(); ++b) {
    size_t to = b * block_rows * head_dim;
    scratch->tiles.clear();
    AppendTiles(args.blocks.subspan(b, 1), kPageTokens, &scratch->tiles);
    for (const Tile& run : scratch->tiles) {
      const size_t count = static_cast<size_t>(run.rows) * head_dim;
      std::memcpy(scratch->keys.data() + to, args.kv.Key(run.start), count * sizeof(f16));
      std::memcpy(scratch->values.data() + to, args.kv.Value(run.start), count * sizeof(f16));
      to += count;
    }
  }
  RunPadded(args,
            {.lengths = scratch->lengths,
             .block_rows = block_rows,
             .keys = scratch->keys.data(),
             .values = scratch->values.data()},
            scratch, outputs);
}

void AttendPaddedInPlace(const BlockAttentionArgs& args, BlockAttentionScratch* scratch,
                         float* outputs) {
  const int block_rows = FindLengths(args.blocks, &scratch->lengths);
  scratch->key_rows.clear();
  scratch->value_rows.clear();
  for (const TokenRange& block : args.blocks) {
    for (int i = 0; i < block_rows; ++i) {
      const int64_t token = std::min(block.start + i, block.end - 1);
      scratch->key_rows.push_back(args.kv.Key(token));
      scratch->value_rows.push_back(args.kv.Value(token));
    }
  }
  for (std::vector<const f16*>* rows : {&scratch->key_rows, &scratch->value_rows}) {
    rows->resize(rows->size() + kPaddedBatchAhead, rows->back());
  }
  RunPadded(args,
            {.lengths = scratch->lengths,
             .block_rows = block_rows,
             .key_rows = scratch->key_rows.data(),
             .value_rows = scratch->value_rows.data()},
            scratch, outputs);
}

void AttendTiles(const BlockAttentionArgs& args, BlockAttentionScratch* scratch, float* outputs) {
  scratch->ranges.clear();
  for (const TokenRange& block : args.blocks) AppendRange(block, &scratch->ranges);
  scratch->tiles.clear();
  AppendTiles(scratch->ranges, kTileTokens, &scratch->tiles);
  ReserveParts(args, 1, scratch);
  RunTiles(args, 0, scratch);
  MergeParts(args, *scratch, outputs);
}

}  // namespace dynsplit
