#include "index/block_index.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "kernels/summarize.h"

namespace dynsplit {
namespace {

std::shared_ptr<AlignedBuffer<f16>> Clone(const AlignedBuffer<f16>& from) {
  auto copy = std::make_shared<AlignedBuffer<f16>>(from.size());
  std::memcpy(copy->data(), from.data(), from.size() * sizeof(f16));
  return copy;
}

}  // namespace

BlockIndex::BlockIndex(const IndexShape& shape) : shape_(shape) {
  DYNSPLIT_CHECK(shape.num_layers >= 1 && shape.kv_heads >= 1);
  DYNSPLIT_CHECK(shape.head_dim >= 16 && shape.head_dim % 16 == 0);
  DYNSPLIT_CHECK(shape.kind == Summary::kMinMax ? shape.vectors == 2 : shape.vectors >= 1);
}

size_t BlockIndex::HeadElements() const {
  return size_t{kIndexChunkBlocks} * shape_.vectors * shape_.head_dim;
}

size_t BlockIndex::ChunkElements() const {
  return HeadElements() * shape_.num_layers * shape_.kv_heads;
}

size_t BlockIndex::Offset(int layer, int kv_head) const {
  DYNSPLIT_DCHECK(layer >= 0 && layer < shape_.num_layers);
  DYNSPLIT_DCHECK(kv_head >= 0 && kv_head < shape_.kv_heads);
  return HeadElements() * (static_cast<size_t>(layer) * shape_.kv_heads + kv_head);
}

void BlockIndex::Reserve(int64_t num_blocks) {
  DYNSPLIT_CHECK(num_blocks >= num_blocks_);
  if (num_blocks == num_blocks_) return;
  const bool last_has_room = num_blocks_ % kIndexChunkBlocks != 0;
  if (last_has_room && chunks_.back().use_count() > 1) chunks_.back() = Clone(*chunks_.back());
  const int64_t num_chunks = (num_blocks + kIndexChunkBlocks - 1) / kIndexChunkBlocks;
  while (this->num_chunks() < num_chunks) {
    chunks_.push_back(std::make_shared<Chunk>(ChunkElements()));
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
  const size_t block_elements = static_cast<size_t>(shape_.vectors) * shape_.head_dim;
  for (size_t i = 0; i < blocks.size(); ++i) {
    const int64_t block = first_block + static_cast<int64_t>(i);
    DYNSPLIT_DCHECK(chunks_[block / kIndexChunkBlocks].use_count() == 1);
    Chunk& chunk = *chunks_[block / kIndexChunkBlocks];
    const TokenRange tokens{blocks[i].start, blocks[i].end()};
    for (int g = 0; g < shape_.kv_heads; ++g) {
      f16* out = chunk.data() + Offset(layer, g) + block % kIndexChunkBlocks * block_elements;
      Summarize(shape_.kind, views[g], tokens, shape_.vectors, out);
    }
  }
}

int BlockIndex::chunk_blocks(int64_t chunk) const {
  DYNSPLIT_DCHECK(chunk >= 0 && chunk < num_chunks());
  const int64_t left = num_blocks_ - chunk * kIndexChunkBlocks;
  return static_cast<int>(std::min<int64_t>(left, kIndexChunkBlocks));
}

const f16* BlockIndex::Summaries(int64_t chunk, int layer, int kv_head) const {
  DYNSPLIT_DCHECK(chunk >= 0 && chunk < num_chunks());
  return chunks_[chunk]->data() + Offset(layer, kv_head);
}

size_t BlockIndex::bytes() const { return chunks_.size() * ChunkElements() * sizeof(f16); }

}  // namespace dynsplit
