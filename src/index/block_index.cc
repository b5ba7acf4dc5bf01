#include "index/block_index.h"

#include <algorithm>
#include <cstring>

#include "base/aligned_buffer.h"
#include "base/check.h"
#include "kernels/int2.h"
#include "kernels/quantize_summary.h"
#include "kernels/summarize.h"

namespace dynsplit {
namespace {

constexpr size_t RoundedUp(size_t bytes) {
  return (bytes + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
}

// Fewer vectors than this do not say how the channels of a whole chunk spread.
constexpr int64_t kLearnedVectors = 32;

}  // namespace

BlockIndex::BlockIndex(const IndexShape& shape) : shape_(shape) {
  DYNSPLIT_CHECK(shape.num_layers >= 0 && shape.kv_heads >= 1);
  DYNSPLIT_CHECK(shape.head_dim >= 16 && shape.head_dim % 16 == 0);
  DYNSPLIT_CHECK(shape.kind == Summary::kMinMax ? shape.vectors == 2 : shape.vectors >= 1);
  scales_at_ = RoundedUp(SummaryBytes());
  // A model may have no global layers, and an index no summaries then.
  chunk_bytes_ = std::max(kBufferAlignment, RoundedUp(scales_at_ + ScaleBytes()));
}

// Alone as long as all are less than a huge page: most texts are short.
std::shared_ptr<BlockIndex::Chunk> BlockIndex::MakeChunk() {
  std::byte* bytes = slab_ != nullptr ? slab_->Take() : nullptr;
  if (bytes == nullptr) {
    const bool alone = chunks_.size() * chunk_bytes_ < kHugePage;
    slab_ = std::make_shared<Slab>(alone ? chunk_bytes_ : SlabBytes(chunk_bytes_), chunk_bytes_);
    bytes = slab_->Take();
  }
  // Vectors of int2 are scored in whole groups, written or not; and what is saved of a chunk that
  // is not full shall not be what was in memory before.
  std::memset(bytes, 0, chunk_bytes_);
  return std::make_shared<Chunk>(slab_, bytes);
}

std::shared_ptr<BlockIndex::Chunk> BlockIndex::Clone(const Chunk& from) {
  std::shared_ptr<Chunk> copy = MakeChunk();
  std::ranges::copy(BytesOf(from), BytesOf(*copy).begin());
  return copy;
}

size_t BlockIndex::SummaryBytes() const {
  if (shape_.type == SummaryType::kInt2) return ChunkSlots() / kIndexChunkBlocks * HeadInt2Bytes();
  const size_t element = shape_.type == SummaryType::kF16 ? sizeof(f16) : sizeof(int8_t);
  return ChunkSlots() * BlockElements() * element;
}

size_t BlockIndex::ScaleBytes() const {
  if (shape_.type == SummaryType::kInt8) return ChunkSlots() * BlockScales() * sizeof(float);
  if (shape_.type == SummaryType::kF16) return 0;
  return ChunkSlots() / kIndexChunkBlocks * Int2ScaleElements(shape_.head_dim) * sizeof(f16);
}

size_t BlockIndex::HeadInt2Bytes() const {
  static_assert(kIndexChunkBlocks % (kInt2Group * kInt2PanelGroups) == 0);
  return Int2Bytes(shape_.head_dim, int64_t{kIndexChunkBlocks} * shape_.vectors);
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
      std::memcpy(chunk.At<f16>() + slot * BlockElements(), summaries,
                  static_cast<size_t>(count) * BlockElements() * sizeof(f16));
      break;
    case SummaryType::kInt8:
      for (int64_t i = 0; i < count; ++i) {
        const size_t at = slot + static_cast<size_t>(i);
        QuantizeSummary({.kind = shape_.kind,
                         .summary = summaries + static_cast<size_t>(i) * BlockElements(),
                         .vectors = shape_.vectors,
                         .head_dim = shape_.head_dim},
                        chunk.At<int8_t>() + at * BlockElements(),
                        chunk.At<float>(scales_at_) + at * BlockScales());
      }
      break;
    case SummaryType::kInt2:
      LearnScale(place, summaries, count);
      QuantizeInt2({summaries, count * shape_.vectors, shape_.head_dim}, Int2Scale(place),
                   place.block % kIndexChunkBlocks * shape_.vectors,
                   chunk.At<uint8_t>() + slot / kIndexChunkBlocks * HeadInt2Bytes());
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
  return chunks_[place.block / kIndexChunkBlocks]->At<f16>(scales_at_) +
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
    return {.f16s = chunk.At<f16>() + slot * BlockElements()};
  }
  if (shape_.type == SummaryType::kInt2) {
    return {.int2s = chunk.At<uint8_t>() + slot / kIndexChunkBlocks * HeadInt2Bytes(),
            .int2_scale = Int2Scale({block, layer, kv_head}),
            .int2_first = block % kIndexChunkBlocks * shape_.vectors};
  }
  return {.int8s = chunk.At<int8_t>() + slot * BlockElements(),
          .scales = chunk.At<float>(scales_at_) + slot * BlockScales()};
}

Status BlockIndex::Save(ArchiveWriter* archive) const {
  const auto num_chunks = (num_blocks_ + kIndexChunkBlocks - 1) / kIndexChunkBlocks;
  for (const auto& chunk : std::span(chunks_).first(static_cast<size_t>(num_chunks))) {
    const std::span<const std::byte> bytes = BytesOf(*chunk);
    archive->PutAll(bytes.first(SummaryBytes()));
    archive->PutAll(bytes.subspan(scales_at_, ScaleBytes()));
    DYNSPLIT_RETURN_IF_ERROR(archive->EndRecord());
  }
  return {};
}

Status BlockIndex::Load(int64_t num_blocks, ArchiveReader* archive) {
  DYNSPLIT_CHECK(num_blocks_ == 0);
  Reserve(num_blocks);
  for (const auto& chunk : chunks_) {
    DYNSPLIT_RETURN_IF_ERROR(archive->NextRecord());
    archive->GetAll(BytesOf(*chunk).first(SummaryBytes()));
    archive->GetAll(BytesOf(*chunk).subspan(scales_at_, ScaleBytes()));
    DYNSPLIT_RETURN_IF_ERROR(archive->EndRecord());
  }
  return {};
}

size_t BlockIndex::bytes() const { return chunks_.size() * (SummaryBytes() + ScaleBytes()); }

}  // namespace dynsplit
