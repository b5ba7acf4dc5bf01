#include "index/block_index.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "kernels/quantize_summary.h"
#include "kernels/summarize.h"

namespace dynsplit {
namespace {

template <typename T>
AlignedBuffer<T> CopyOf(const AlignedBuffer<T>& from) {
  AlignedBuffer<T> copy(from.size());
  if (from.size() > 0) std::memcpy(copy.data(), from.data(), from.size() * sizeof(T));
  return copy;
}

}  // namespace

BlockIndex::BlockIndex(const IndexShape& shape) : shape_(shape) {
  DYNSPLIT_CHECK(shape.num_layers >= 1 && shape.kv_heads >= 1);
  DYNSPLIT_CHECK(shape.head_dim >= 16 && shape.head_dim % 16 == 0);
  DYNSPLIT_CHECK(shape.kind == Summary::kMinMax ? shape.vectors == 2 : shape.vectors >= 1);
}

std::shared_ptr<BlockIndex::Chunk> BlockIndex::MakeChunk() const {
  auto chunk = std::make_shared<Chunk>();
  const size_t elements = ChunkSlots() * BlockElements();
  if (shape_.type == SummaryType::kF16) {
    chunk->f16s.Resize(elements);
  } else {
    chunk->int8s.Resize(elements);
    chunk->scales.Resize(ChunkSlots() * BlockScales());
  }
  return chunk;
}

std::shared_ptr<BlockIndex::Chunk> BlockIndex::Clone(const Chunk& from) {
  return std::make_shared<Chunk>(Chunk{CopyOf(from.f16s), CopyOf(from.int8s), CopyOf(from.scales)});
}

size_t BlockIndex::BlockScales() const {
  if (shape_.type == SummaryType::kF16) return 0;
  return static_cast<size_t>(SummaryRows(shape_.kind, shape_.vectors));
}

size_t BlockIndex::ChunkSlots() const {
  return size_t{kIndexChunkBlocks} * shape_.num_layers * shape_.kv_heads;
}

size_t BlockIndex::Slot(int64_t block, int layer, int kv_head) const {
  DYNSPLIT_DCHECK(layer >= 0 && layer < shape_.num_layers);
  DYNSPLIT_DCHECK(kv_head >= 0 && kv_head < shape_.kv_heads);
  const size_t head = static_cast<size_t>(layer) * shape_.kv_heads + kv_head;
  return head * kIndexChunkBlocks + static_cast<size_t>(block % kIndexChunkBlocks);
}

void BlockIndex::Reserve(int64_t num_blocks) {
  DYNSPLIT_CHECK(num_blocks >= num_blocks_);
  if (num_blocks == num_blocks_) return;
  const bool last_has_room = num_blocks_ % kIndexChunkBlocks != 0;
  if (last_has_room && chunks_.back().use_count() > 1) chunks_.back() = Clone(*chunks_.back());
  const int64_t num_chunks = (num_blocks + kIndexChunkBlocks - 1) / kIndexChunkBlocks;
  while (this->num_chunks() < num_chunks) {
    chunks_.push_back(MakeChunk());
  }
  first_new_ = num_blocks_;
  num_blocks_ = num_blocks;
}

void BlockIndex::Fill(int layer, int64_t first_block, std::span<const Block> blocks,
                      std::span<const KvView> views) {
  DYNSPLIT_CHECK(layer >= 0 && layer < shape_.num_layers);
  DYNSPLIT_CHECK(first_block >= first_new_);
  DYNSPLIT_CHECK(first_block + static_cast<int64_t>(blocks.size()) <= num_blocks_);
  DYNSPLIT_CHECK(static_cast<int>(views.size()) == shape_.kv_heads);
  AlignedBuffer<f16> summary;  // before it is made int8
  if (shape_.type == SummaryType::kInt8) summary.Resize(BlockElements());
  for (size_t i = 0; i < blocks.size(); ++i) {
    const int64_t block = first_block + static_cast<int64_t>(i);
    DYNSPLIT_DCHECK(chunks_[block / kIndexChunkBlocks].use_count() == 1);
    Chunk& chunk = *chunks_[block / kIndexChunkBlocks];
    const TokenRange tokens{blocks[i].start, blocks[i].end()};
    for (int g = 0; g < shape_.kv_heads; ++g) {
      const size_t slot = Slot(block, layer, g);
      if (shape_.type == SummaryType::kF16) {
        Summarize(shape_.kind, views[g], tokens, shape_.vectors,
                  chunk.f16s.data() + slot * BlockElements());
        continue;
      }
      Summarize(shape_.kind, views[g], tokens, shape_.vectors, summary.data());
      QuantizeSummary({.kind = shape_.kind,
                       .summary = summary.data(),
                       .vectors = shape_.vectors,
                       .head_dim = shape_.head_dim},
                      chunk.int8s.data() + slot * BlockElements(),
                      chunk.scales.data() + slot * BlockScales());
    }
  }
}

int BlockIndex::chunk_blocks(int64_t chunk) const {
  DYNSPLIT_DCHECK(chunk >= 0 && chunk < num_chunks());
  const int64_t left = num_blocks_ - chunk * kIndexChunkBlocks;
  return static_cast<int>(std::min<int64_t>(left, kIndexChunkBlocks));
}

SummaryView BlockIndex::Summaries(int64_t block, int layer, int kv_head) const {
  DYNSPLIT_DCHECK(block >= 0 && block < num_blocks_);
  const Chunk& chunk = *chunks_[block / kIndexChunkBlocks];
  const size_t slot = Slot(block, layer, kv_head);
  if (shape_.type == SummaryType::kF16) {
    return {.f16s = chunk.f16s.data() + slot * BlockElements()};
  }
  return {.int8s = chunk.int8s.data() + slot * BlockElements(),
          .scales = chunk.scales.data() + slot * BlockScales()};
}

size_t BlockIndex::bytes() const {
  const size_t element = shape_.type == SummaryType::kF16 ? sizeof(f16) : sizeof(int8_t);
  const size_t block = BlockElements() * element + BlockScales() * sizeof(float);
  return chunks_.size() * ChunkSlots() * block;
}

}  // namespace dynsplit
