// The index: per layer and KV head, the summaries of all blocks of one sequence (method.md
// section 4). They lie in chunks of kIndexChunkBlocks blocks that copies (forks) share until one of
// them writes there.
//
// Call order: (Reserve Fill*)*, with every reserved block filled in every layer, in ascending
// order, before it is read or a copy is made. Thread safety: Fill of distinct layers may run at
// once; nothing else may run beside Reserve, Fill or the making of a copy. Reading may run at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/archive.h"
#include "base/slab.h"
#include "dynsplit/method.h"
#include "kernels/summary_view.h"

namespace dynsplit {

inline constexpr int kIndexChunkBlocks = 64;

struct IndexShape {
  int num_layers = 0;
  int kv_heads = 0;
  int head_dim = 0;  // a multiple of 16
  int vectors = 1;   // summary vectors per block; 2 for kMinMax
  Summary kind = Summary::kMean;
  SummaryType type = SummaryType::kF16;
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
  // what the last Reserve added. views[g]: the pages of KV head g, no more than kv_heads: a layer
  // may have fewer.
  // Cost: one pass over the blocks' keys.
  void Fill(int layer, int64_t first_block, std::span<const Block> blocks,
            std::span<const KvView> views);

  int64_t num_chunks() const { return static_cast<int64_t>(chunks_.size()); }
  int chunk_blocks(int64_t chunk) const;  // blocks used in a chunk: kIndexChunkBlocks but the last
  // Of `block` and those after it, up to the end of its chunk; a chunk's first is 64-byte aligned.
  SummaryView Summaries(int64_t block, int layer, int kv_head) const;

  // All summaries as they are, chunk by chunk, a record each; into an empty index of the same
  // shape.
  Status Save(ArchiveWriter* archive) const;
  Status Load(int64_t num_blocks, ArchiveReader* archive);

  // Bytes of all chunks, shared ones included.
  size_t bytes() const;

 private:
  // Its memory is [num_layers, kv_heads, kIndexChunkBlocks, vectors, head_dim] of f16 or int8, or
  // [num_layers, kv_heads, panels of kIndexChunkBlocks vectors] of int2; then, from scales_at_ on,
  // those of int8, [num_layers, kv_heads, kIndexChunkBlocks, rows] in f32, or of int2,
  // [num_layers, kv_heads, Int2ScaleElements()] in f16.
  class Chunk {
   public:
    // `bytes` are of the slab, to which they are given back.
    Chunk(std::shared_ptr<Slab> slab, std::byte* bytes) : slab_(std::move(slab)), bytes_(bytes) {}
    ~Chunk() { slab_->Give(bytes_); }
    Chunk(const Chunk&) = delete;

    template <typename T>
    T* At(size_t offset = 0) const {
      return reinterpret_cast<T*>(bytes_ + offset);
    }

   private:
    std::shared_ptr<Slab> slab_;
    std::byte* bytes_;
  };

  struct Place {
    int64_t block = 0;
    int layer = 0;
    int kv_head = 0;
  };

  std::shared_ptr<Chunk> MakeChunk();
  std::shared_ptr<Chunk> Clone(const Chunk& from);
  std::span<std::byte> BytesOf(const Chunk& chunk) const {
    return {chunk.At<std::byte>(), chunk_bytes_};
  }
  // Turns the summaries [count, vectors, head_dim] of consecutive blocks of one chunk, the first
  // one at `place`, into the index's type.
  void Store(const Place& place, const f16* summaries, int64_t count);
  // The scale of a chunk's int2 vectors is learned from those that come first, together.
  void LearnScale(const Place& place, const f16* summaries, int64_t count);
  f16* Int2Scale(const Place& place) const;  // of the chunk and head
  size_t SummaryBytes() const;               // of a chunk, without its scales
  size_t ScaleBytes() const;                 // of a chunk
  size_t BlockElements() const { return static_cast<size_t>(shape_.vectors) * shape_.head_dim; }
  size_t HeadInt2Bytes() const;  // of a chunk's panels in one layer and KV head
  size_t BlockScales() const;    // of one block; 0 in f16
  size_t ChunkSlots() const;     // blocks of all layers and KV heads in a chunk
  size_t Slot(int64_t block, int layer, int kv_head) const;  // of a block in its chunk

  IndexShape shape_;
  int64_t num_blocks_ = 0;
  int64_t first_new_ = 0;  // the first block that the last Reserve added
  size_t scales_at_ = 0;   // in a chunk, bytes
  size_t chunk_bytes_ = 0;
  std::vector<std::shared_ptr<Chunk>> chunks_;
  std::shared_ptr<Slab> slab_;  // of the next chunk, if it has room; copies go on in it together
};

}  // namespace dynsplit
