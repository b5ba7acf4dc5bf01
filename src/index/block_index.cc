#include "index/block_index.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "kernels/int2.h"
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

// Fewer vectors than this do not say how the channels of a whole chunk spread.
constexpr int64_t kLearnedVectors = 32;

}  // namespace

BlockIndex::BlockIndex(const IndexShape& shape) : shape_(shape) {
  DYNSPLIT_CHECK(shape.num_layers >= 0 && shape.kv_heads >= 1);
  DYNSPLIT_CHECK(shape.head_dim >= 16 && shape.head_dim % 16 == 0);
  DYNSPLIT_CHECK(shape.kind == Summary::kMinMax ? shape.vectors == 2 : shape.vectors >= 1);
}

std::shared_ptr<BlockIndex::Chunk> BlockIndex::MakeChunk() const {
  auto chunk = std::make_shared<Chunk>();
  const size_t elements = ChunkSlots() * BlockElements();
  switch (shape_.type) {
    case SummaryType::kF16:
      chunk->f16s.Resize(elements);
      break;
    case SummaryType::kInt8:
      chunk->int8s.Resize(elements);
      chunk->scales.Resize(ChunkSlots() * BlockScales());
      break;
    case SummaryType::kInt2:
      chunk->int2s.Resize(ChunkSlots() / kIndexChunkBlocks * Int2Bytes());
      chunk->int2_scales.Resize(static_cast<size_t>(shape_.num_layers) * shape_.kv_heads *
                                Int2ScaleElements(shape_.head_dim));
      break;
  }
  // Vectors of int2 are scored in whole groups, written or not; and what is saved of a chunk that
  // is not full shall not be what was in memory before.
  Chunk::ForEachBuffer(*chunk, [](auto& buffer) {
    if (buffer.size() > 0) std::memset(buffer.data(), 0, buffer.span().size_bytes());
  });
  return chunk;
}

std::shared_ptr<BlockIndex::Chunk> BlockIndex::Clone(const Chunk& from) {
  return std::make_shared<Chunk>(Chunk{CopyOf(from.f16s), CopyOf(from.int8s), CopyOf(from.scales),
                                       CopyOf(from.int2s), CopyOf(from.int2_scales)});
}

size_t BlockIndex::Chunk::bytes() const {
  return f16s.size() * sizeof(f16) + int8s.size() + scales.size() * sizeof(float) + int2s.size() +
         int2_scales.size() * sizeof(f16);
}

size_t BlockIndex::Int2Bytes() const {
  static_assert(kIndexChunkBlocks % kInt2Group == 0);
  const size_t groups = static_cast<size_t>(shape_.vectors * (kIndexChunkBlocks / kInt2Group));
  return groups * Int2GroupBytes(shape_.head_dim);
}

size_t BlockIndex::BlockScales() const {
  if (shape_.type != SummaryType::kInt8) return 0;
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
  DYNSPLIT_CHECK(static_cast<int>(views.size()) <= shape_.kv_heads);
  AlignedBuffer<f16> summaries(size_t{kIndexChunkBlocks} * BlockElements());
  for (size_t i = 0; i < blocks.size();) {
    const int64_t block = first_block + static_cast<int64_t>(i);
    const size_t in_chunk = static_cast<size_t>(block % kIndexChunkBlocks);
    const size_t count = std::min(size_t{kIndexChunkBlocks} - in_chunk, blocks.size() - i);
    DYNSPLIT_DCHECK(chunks_[block / kIndexChunkBlocks].use_count() == 1);
    for (int g = 0; g < static_cast<int>(views.size()); ++g) {
      for (size_t k = 0; k < count; ++k) {
        const TokenRange tokens{blocks[i + k].start, blocks[i + k].end()};
        Summarize(shape_.kind, views[g], tokens, shape_.vectors,
                  summaries.data() + k * BlockElements());
      }
      Store({block, layer, g}, summaries.data(), static_cast<int64_t>(count));
    }
    i += count;
  }
}

void BlockIndex::Store(const Place& place, const f16* summaries, int64_t count) {
  Chunk& chunk = *chunks_[place.block / kIndexChunkBlocks];
  const size_t slot = Slot(place.block, place.layer, place.kv_head);
  switch (shape_.type) {
    case SummaryType::kF16:
      std::memcpy(chunk.f16s.data() + slot * BlockElements(), summaries,
                  static_cast<size_t>(count) * BlockElements() * sizeof(f16));
      break;
    case SummaryType::kInt8:
      for (int64_t i = 0; i < count; ++i) {
        const size_t at = slot + static_cast<size_t>(i);
        QuantizeSummary({.kind = shape_.kind,
                         .summary = summaries + static_cast<size_t>(i) * BlockElements(),
                         .vectors = shape_.vectors,
                         .head_dim = shape_.head_dim},
                        chunk.int8s.data() + at * BlockElements(),
                        chunk.scales.data() + at * BlockScales());
      }
      break;
    case SummaryType::kInt2:
      LearnScale(place, summaries, count);
      QuantizeInt2({summaries, count * shape_.vectors, shape_.head_dim}, Int2Scale(place),
                   place.block % kIndexChunkBlocks * shape_.vectors,
                   chunk.int2s.data() + slot / kIndexChunkBlocks * Int2Bytes());
      break;
  }
}

void BlockIndex::LearnScale(const Place& place, const f16* summaries, int64_t count) {
  // The first block of all is usually the sink, whose keys are unlike all others; where it came
  // alone, the next ones decide. Nobody scores the sink.
  if (place.block % kIndexChunkBlocks != 0 && place.block != 1) return;
  f16* scale = Int2Scale(place);
  const int64_t skipped = place.block == 0 && count > 1 ? 1 : 0;
  const Int2Vectors vectors = {summaries + static_cast<size_t>(skipped) * BlockElements(),
                               (count - skipped) * shape_.vectors, shape_.head_dim};
  if (vectors.count >= kLearnedVectors || place.block <= 1) {
    LearnInt2Scale(vectors, scale);
  } else {
    std::copy_n(Int2Scale({place.block - 1, place.layer, place.kv_head}),
                Int2ScaleElements(shape_.head_dim), scale);
  }
}

f16* BlockIndex::Int2Scale(const Place& place) const {
  const size_t head = static_cast<size_t>(place.layer) * shape_.kv_heads + place.kv_head;
  return chunks_[place.block / kIndexChunkBlocks]->int2_scales.data() +
         head * Int2ScaleElements(shape_.head_dim);
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
  if (shape_.type == SummaryType::kInt2) {
    return {.int2s = chunk.int2s.data() + slot / kIndexChunkBlocks * Int2Bytes(),
            .int2_scale = Int2Scale({block, layer, kv_head}),
            .int2_first = block % kIndexChunkBlocks * shape_.vectors};
  }
  return {.int8s = chunk.int8s.data() + slot * BlockElements(),
          .scales = chunk.scales.data() + slot * BlockScales()};
}

Status BlockIndex::Save(ArchiveWriter* archive) const {
  const auto num_chunks = (num_blocks_ + kIndexChunkBlocks - 1) / kIndexChunkBlocks;
  for (const auto& chunk : std::span(chunks_).first(static_cast<size_t>(num_chunks))) {
    Chunk::ForEachBuffer(*chunk, [&](const auto& buffer) { archive->PutAll(buffer.span()); });
    DYNSPLIT_RETURN_IF_ERROR(archive->EndRecord());
  }
  return {};
}

Status BlockIndex::Load(int64_t num_blocks, ArchiveReader* archive) {
  DYNSPLIT_CHECK(num_blocks_ == 0);
  Reserve(num_blocks);
  for (const auto& chunk : chunks_) {
    DYNSPLIT_RETURN_IF_ERROR(archive->NextRecord());
    Chunk::ForEachBuffer(*chunk, [&](auto& buffer) { archive->GetAll(buffer.span()); });
    DYNSPLIT_RETURN_IF_ERROR(archive->EndRecord());
  }
  return {};
}

size_t BlockIndex::bytes() const {
  size_t bytes = 0;
  for (const auto& chunk : chunks_) bytes += chunk->bytes();
  return bytes;
}

}  // namespace dynsplit
