// The index: per layer and KV head, the summaries of all blocks of one sequence (method.md
// section 4). They lie in chunks of kIndexChunkBlocks blocks that copies (forks) share until one of
// them writes there.
//
// Call order: (Reserve Fill*)*, with every reserved block filled in every layer before it is read
// or a copy is made.
// Thread safety: Fill of distinct layers may run at once; nothing else may run beside Reserve,
// Fill or the making of a copy. Reading may run at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "dynsplit/method.h"
#include "kernels/kv_view.h"

namespace dynsplit {

inline constexpr int kIndexChunkBlocks = 64;

struct IndexShape {
  int num_layers = 0;
  int kv_heads = 0;
  int head_dim = 0;  // a multiple of 16
  int vectors = 1;   // summary vectors per block; 2 for kMinMax
  Summary kind = Summary::kMean;
};

class BlockIndex {
 public:
  explicit BlockIndex(const IndexShape& shape);

  const IndexShape& shape() const { return shape_; }
  int64_t num_blocks() const { return num_blocks_; }

  // Makes num_blocks() = num_blocks, which must not shrink it. The new blocks may then be filled:
  // their chunks belong to this copy alone afterwards. Throws std::bad_alloc.
  void Reserve(int64_t num_blocks);

  // Writes the summaries of blocks[0..] as blocks first_block.. of one layer; they must lie in
  // what the last Reserve added. views[g]: the pages of KV head g, [kv_heads].
  // Cost: one pass over the blocks' keys.
  void Fill(int layer, int64_t first_block, std::span<const Block> blocks,
            std::span<const KvView> views);

  int64_t num_chunks() const { return static_cast<int64_t>(chunks_.size()); }
  int chunk_blocks(int64_t chunk) const;  // blocks used in a chunk: kIndexChunkBlocks but the last
  // [chunk_blocks(chunk), vectors, head_dim], 64-byte aligned.
  const f16* Summaries(int64_t chunk, int layer, int kv_head) const;

  // Bytes of all chunks, shared ones included.
  size_t bytes() const;

 private:
  using Chunk = AlignedBuffer<f16>;  // [num_layers, kv_heads, kIndexChunkBlocks, vectors, head_dim]

  size_t HeadElements() const;  // of one (layer, KV head) in a chunk
  size_t ChunkElements() const;
  size_t Offset(int layer, int kv_head) const;  // where a (layer, KV head) starts in a chunk

  IndexShape shape_;
  int64_t num_blocks_ = 0;
  int64_t first_new_ = 0;  // the first block that the last Reserve added
  std::vector<std::shared_ptr<Chunk>> chunks_;
};

}  // namespace dynsplit
