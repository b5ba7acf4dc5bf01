#include "kernels/tile_attention_simd.h"

#include <algorithm>

#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/tile_attention_simd.cc"
#include "hwy/foreach_target.h"
// The lines above re-include this file once per target.
#include "hwy/highway.h"
#include "kernels/rows-inl.h"
#include "kernels/score_cap-inl.h"
#include "kernels/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {

// Where the keys and values of up to kPieceRows rows lie: all that a piece of the work knows of
// tiles.
struct Piece {
  const f16* keys[kPieceRows];
  const f16* values[kPieceRows];
  size_t count = 0;
  // Of the rows that are encoded: [kPieceRows, head_dim] and [kPieceRows, value_dim].
  HWY_ALIGN_MAX f16 decoded_keys[kPieceRows * kMaxHeadDim];
  HWY_ALIGN_MAX f16 decoded_values[kPieceRows * kMaxHeadDim];
};

// Hands out the rows of a table of tiles in full pieces, of which only the last may be short. So
// many short tiles cost hardly more than a few long ones: 512 rows of 64 values, 3 heads, AVX-512,
// take 6.5 us in tiles of 5 rows and 5.8 in tiles of 16, where a softmax and a sum that begin and
// end with each tile take 18.6 and 6.9.
class PieceReader {
 public:
  explicit PieceReader(const TileAttentionArgs& args)
      : keys_(args.kv.Part(KvPart::kKeys)),
        values_(args.kv.Part(KvPart::kValues)),
        tile_(args.tiles),
        end_(args.tiles + args.num_tiles) {}

  HWY_INLINE void Read(Piece* piece) {
    piece->count = 0;
    while (tile_ != end_ && piece->count < kPieceRows) {
      const size_t left = static_cast<size_t>(tile_->rows) - row_;
      const size_t count = std::min(left, kPieceRows - piece->count);
      const int64_t first = tile_->start + static_cast<int64_t>(row_);
      const TokenRange run = {first, first + static_cast<int64_t>(count)};
      List(keys_, run, piece->decoded_keys, piece->keys, piece->count);
      List(values_, run, piece->decoded_values, piece->values, piece->count);
      piece->count += count;
      row_ += count;
      if (count == left) {
        ++tile_;
        row_ = 0;
      }
    }
  }

 private:
  // Makes rows[at] and the next ones those of `run`.
  static HWY_INLINE void List(const PartView& part, TokenRange run, f16* room, const f16** rows,
                              size_t at) {
    if (run.start == run.end) return;
    const f16* row = F16Rows(part, run, room + at * part.head_dim);
    const size_t count = static_cast<size_t>(run.end - run.start);
    for (size_t i = 0; i < count; ++i) rows[at + i] = row + i * part.head_dim;
  }

  PartView keys_;
  PartView values_;
  const Tile* tile_;
  const Tile* end_;
  size_t row_ = 0;  // the first of *tile_ that was not read
};

// The keys or values of a piece, and those fetched into the cache, row by row, while they are read.
struct PieceRows {
  const f16* const* rows = nullptr;
  size_t count = 0;
  size_t length = 0;
  const f16* const* next = nullptr;
  size_t next_count = 0;

  HWY_INLINE const f16* Row(size_t i) const { return rows[i]; }
  HWY_INLINE void Fetch(size_t i, size_t begin, size_t n) const {
    if (i < next_count) FetchValues(next[i] + begin, n);
  }
};

// One piece for `heads` <= kMaxHeads heads, whose arguments start at the first of them. While the
// keys are read, the values are fetched, and with the values the keys of `next`: half a piece
// ahead (16 KiB at head_dim 128, so that both fit in the first cache).
void AddPiece(const TileAttentionArgs& args, const Piece& piece, const Piece& next, size_t heads,
              SoftmaxState* states, float* outputs) {
  const size_t head_dim = static_cast<size_t>(args.kv.head_dim);
  const size_t value_dim = static_cast<size_t>(args.kv.value_dim);
  HWY_ALIGN_MAX float weights[kMaxHeads * kPieceRows];
  float decay[kMaxHeads];
  const PieceRows keys = {piece.keys, piece.count, head_dim, piece.values, piece.count};
  DotRows({args.queries, head_dim}, heads, keys, {weights, kPieceRows});
  for (size_t h = 0; h < heads; ++h) {
    float* scores = weights + h * kPieceRows;
    const float scale = CapIfAny(scores, piece.count, args.scale, args.score_cap);
    decay[h] = SoftmaxPart(scores, piece.count, scale, states[h]);
  }
  const PieceRows values = {piece.values, piece.count, value_dim, next.keys, next.count};
  SumRows({weights, kPieceRows}, heads, values, decay, {outputs, value_dim});
}

void TileAttentionTarget(const TileAttentionArgs& args, SoftmaxState* states, float* outputs) {
  const size_t heads = static_cast<size_t>(args.group_heads);
  const size_t head_dim = static_cast<size_t>(args.kv.head_dim);
  const size_t value_dim = static_cast<size_t>(args.kv.value_dim);
  std::fill_n(states, heads, SoftmaxState());
  std::fill_n(outputs, heads * value_dim, 0.0f);
  PieceReader reader(args);
  Piece pieces[2];
  reader.Read(&pieces[0]);
  for (size_t i = 0; pieces[i % 2].count > 0; ++i) {
    const Piece& piece = pieces[i % 2];
    Piece& next = pieces[(i + 1) % 2];
    reader.Read(&next);
    ForHeadChunks(heads, [&](size_t first, size_t count) DYNSPLIT_SIMD_LAMBDA {
      TileAttentionArgs chunk = args;
      chunk.queries += first * head_dim;
      AddPiece(chunk, piece, next, count, states + first, outputs + first * value_dim);
    });
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dynsplit {
HWY_EXPORT(TileAttentionTarget);

void TileAttentionSimd(const TileAttentionArgs& args, SoftmaxState* states, float* outputs) {
  HWY_DYNAMIC_DISPATCH(TileAttentionTarget)(args, states, outputs);
}

}  // namespace dynsplit
#endif
