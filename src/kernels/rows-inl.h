// The two halves of attention over a few f16 rows, consecutive or scattered, for several query
// heads at once: dot products with every row, and a weighted sum of the rows. Included once per
// target.
#include <cstddef>
#include <cstdint>

#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "kernels/f16-inl.h"
#include "kernels/page_decode-inl.h"
#include "kernels/unroll-inl.h"

#if defined(DYNSPLIT_KERNELS_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DYNSPLIT_KERNELS_ROWS_INL_H_
#undef DYNSPLIT_KERNELS_ROWS_INL_H_
#else
#define DYNSPLIT_KERNELS_ROWS_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using RowTag = hn::CappedTag<float, 16>;  // 16 divides every head_dim
using RowVec = hn::Vec<RowTag>;

// Heads computed together: their accumulators (4 per head) must fit in the registers, of which
// AVX-512 and NEON have 32 and the others 16.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr size_t kMaxHeads =
    2;  // the same code in a third of the instances: compiles faster
#elif HWY_TARGET == HWY_NEON || (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3)
inline constexpr size_t kMaxHeads = 6;
#else
inline constexpr size_t kMaxHeads = 3;
#endif

inline constexpr size_t kLineElements = 32;  // f16 values in a cache line of 64 bytes

// This and its callers must be inlined early: GCC takes a function that only prefetches for one
// without effects and drops the call.
HWY_INLINE void FetchValues(const f16* values, size_t count) {
  for (size_t j = 0; j < count; j += kLineElements) hwy::Prefetch(values + j);
}

// Consecutive rows of `length` f16 values, a multiple of 16.
struct Rows {
  const f16* first = nullptr;
  size_t count = 0;
  size_t length = 0;
  // Fetched into the cache, row by row, while these rows are read.
  const f16* next = nullptr;
  size_t next_count = 0;

  HWY_INLINE const f16* Row(size_t i) const { return first + i * length; }
  // Fetches values [begin, begin + n) of what comes next for row i.
  HWY_INLINE void Fetch(size_t i, size_t begin, size_t n) const {
    if (i < next_count) FetchValues(next + i * length + begin, n);
  }
};

// Rows that lie anywhere.
struct ScatteredRows {
  static constexpr size_t kAhead = 32;  // rows fetched before they are read

  const f16* const* rows = nullptr;  // [count + kAhead]: those after the last are fetched only
  size_t count = 0;
  size_t length = 0;

  HWY_INLINE const f16* Row(size_t i) const { return rows[i]; }
  HWY_INLINE void Fetch(size_t i, size_t begin, size_t n) const {
    FetchValues(rows[i + kAhead] + begin, n);
  }
};

// A [heads, stride] array.
template <typename T>
struct HeadArray {
  T* first = nullptr;
  size_t stride = 0;

  T* Head(size_t head) const { return first + head * stride; }
};

// Calls fn(first head, number of heads) for chunks of at most kMaxHeads, as equal as can be.
template <typename Fn>
HWY_INLINE void ForHeadChunks(size_t heads, const Fn& fn) {
  const size_t chunks = (heads + kMaxHeads - 1) / kMaxHeads;
  for (size_t chunk = 0, first = 0; chunk < chunks; ++chunk) {
    const size_t count = (heads - first + chunks - chunk - 1) / (chunks - chunk);
    fn(first, count);
    first += count;
  }
}

// Calls fn(n) with n, which must be 1..kMaxHeads, as a compile-time constant.
template <size_t kHeads = kMaxHeads, typename Fn>
HWY_INLINE void WithConstantHeads(size_t heads, const Fn& fn) {
  if (heads == kHeads) {
    fn(std::integral_constant<size_t, kHeads>{});
  } else if constexpr (kHeads > 1) {
    WithConstantHeads<kHeads - 1>(heads, fn);
  }
}

#if HWY_TARGET != HWY_SCALAR
// The sum of the 128-bit blocks of `v`, lane by lane.
template <class D>
HWY_INLINE hn::Vec<hn::CappedTag<hn::TFromD<D>, 16 / sizeof(hn::TFromD<D>)> > SumOfBlocks(
    D d, hn::Vec<D> v) {
  if constexpr (hn::MaxLanes(d) * sizeof(hn::TFromD<D>) > 16) {
    const hn::Half<D> half;
    return SumOfBlocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  } else {
    return v;
  }
}
#endif

// to[i] = sum of the lanes of v[i]: a transposition and its additions in one, 9 instructions where
// 4 horizontal sums would take 4 times 6.
template <class D>
HWY_INLINE void StoreFourSums(D d, const hn::Vec<D> (&v)[4], hn::TFromD<D>* to) {
#if HWY_TARGET == HWY_SCALAR
  for (size_t i = 0; i < 4; ++i) to[i] = hn::GetLane(v[i]);
#else
  const hn::RepartitionToWide<hn::RebindToUnsigned<D> > d64;
  const auto a = hn::Add(hn::InterleaveLower(d, v[0], v[1]), hn::InterleaveUpper(d, v[0], v[1]));
  const auto b = hn::Add(hn::InterleaveLower(d, v[2], v[3]), hn::InterleaveUpper(d, v[2], v[3]));
  const auto a64 = hn::BitCast(d64, a);
  const auto b64 = hn::BitCast(d64, b);
  const auto low = hn::BitCast(d, hn::InterleaveLower(d64, a64, b64));
  const auto high = hn::BitCast(d, hn::InterleaveUpper(d64, a64, b64));
  hn::StoreU(SumOfBlocks(d, hn::Add(low, high)), hn::CappedTag<hn::TFromD<D>, 4>(), to);
#endif
  (void)d;
}

inline constexpr size_t kPieceRows = 64;

// Makes rows[i] the row of tokens[i]. Encoded ones are decoded into `room`, [count, head_dim],
// those that are consecutive together. They are fetched ahead of that, up to tokens[num_tokens -
// 1].
HWY_INLINE void DecodePiece(const PartView& part, const int32_t* tokens, size_t count,
                            size_t num_tokens, const f16** rows, f16* room) {
  size_t fetched = 0;
  for (size_t i = 0; i < count;) {
    const int64_t token = tokens[i];
    const size_t in_page = kPageTokens - static_cast<size_t>(token % kPageTokens);
    size_t length = 1;
    while (i + length < count && length < in_page &&
           tokens[i + length] == token + static_cast<int64_t>(length)) {
      ++length;
    }
    const size_t ahead = HWY_MIN(i + length + ScatteredRows::kAhead, num_tokens);
    for (; fetched < ahead; ++fetched) {
      if (part.Type(tokens[fetched]) != KvType::kF16) FetchEncoded(part, tokens[fetched]);
    }
    const f16* run =
        F16Rows(part, {token, token + static_cast<int64_t>(length)}, room + i * part.head_dim);
    for (size_t k = 0; k < length; ++k) rows[i + k] = run + k * part.head_dim;
    i += length;
  }
}

// Calls fn(rows, number of the first one) for pieces of at most kPieceRows of the rows of `tokens`,
// which are fetched ahead from piece to piece.
template <typename Fn>
HWY_INLINE void ForScatteredRows(const PartView& part, const int32_t* tokens, size_t num_tokens,
                                 const Fn& fn) {
  HWY_ALIGN_MAX f16 room[kPieceRows * kMaxHeadDim];
  const f16* rows[kPieceRows + ScatteredRows::kAhead];
  for (size_t first = 0; first < num_tokens; first += kPieceRows) {
    const size_t count = num_tokens - first < kPieceRows ? num_tokens - first : kPieceRows;
    size_t pointed = 0;
    if (part.encoded()) {
      DecodePiece(part, tokens + first, count, num_tokens - first, rows, room);
      pointed = count;
    }
    for (size_t i = pointed; i < count + ScatteredRows::kAhead; ++i) {
      const int32_t token = tokens[first + i < num_tokens ? first + i : num_tokens - 1];
      rows[i] = part.Type(token) == KvType::kF16 ? part.Row(token) : room;
    }
    fn(ScatteredRows{rows, count, part.head_dim}, first);
  }
}

template <size_t kHeads>
HWY_INLINE void DotFourRows(HeadArray<const float> queries, const f16* const (&row)[4],
                            size_t length, HeadArray<float> dots) {
  const RowTag d;
  RowVec sum[kHeads][4];
  for (auto& of_head : sum) {
    for (auto& v : of_head) v = hn::Zero(d);
  }
  for (size_t j = 0; j < length; j += hn::Lanes(d)) {
    Unroll<4>([&](auto i) DYNSPLIT_SIMD_LAMBDA {
      const RowVec key = LoadF16(d, row[i] + j);
      Unroll<kHeads>([&](auto h) DYNSPLIT_SIMD_LAMBDA {
        sum[h][i] = hn::MulAdd(key, hn::LoadU(d, queries.Head(h) + j), sum[h][i]);
      });
    });
  }
  Unroll<kHeads>([&](auto h) DYNSPLIT_SIMD_LAMBDA { StoreFourSums(d, sum[h], dots.Head(h)); });
}

// dots[h][i] = queries[h] . row i. Four rows at a time: each head's dots must have room for the
// count rounded up to 4, and what is written past the count means nothing.
template <class AnyRows = Rows>
HWY_INLINE void DotRows(HeadArray<const float> queries, size_t heads, const AnyRows& rows,
                        HeadArray<float> dots) {
  WithConstantHeads(heads, [&](auto constant_heads) DYNSPLIT_SIMD_LAMBDA {
    for (size_t i = 0; i < rows.count; i += 4) {
      const f16* row[4];
      for (size_t k = 0; k < 4; ++k) {  // past the end, the last row again
        const size_t idx = i + k < rows.count ? i + k : rows.count - 1;
        row[k] = rows.Row(idx);
        rows.Fetch(idx, 0, rows.length);
      }
      DotFourRows<constant_heads>(queries, row, rows.length, {dots.first + i, dots.stride});
    }
  });
}

// The part of SumRows() for kVecs vectors of the rows, from value `begin` on.
template <size_t kHeads, size_t kVecs, class AnyRows>
HWY_INLINE void SumColumns(HeadArray<const float> weights, const AnyRows& rows, size_t begin,
                           const float* decay, HeadArray<float> sums) {
  const RowTag d;
  const size_t lanes = hn::Lanes(d);
  RowVec sum[kHeads][kVecs];
  Unroll<kHeads>([&](auto h) DYNSPLIT_SIMD_LAMBDA {
    const RowVec factor = hn::Set(d, decay[h]);
    const float* so_far = sums.Head(h) + begin;
    Unroll<kVecs>([&](auto v) DYNSPLIT_SIMD_LAMBDA {
      sum[h][v] = hn::Mul(factor, hn::LoadU(d, so_far + v * lanes));
    });
  });
  for (size_t i = 0; i < rows.count; ++i) {
    rows.Fetch(i, begin, kVecs * lanes);
    const f16* row = rows.Row(i) + begin;
    RowVec value[kVecs];
    Unroll<kVecs>([&](auto v) DYNSPLIT_SIMD_LAMBDA { value[v] = LoadF16(d, row + v * lanes); });
    Unroll<kHeads>([&](auto h) DYNSPLIT_SIMD_LAMBDA {
      const RowVec weight = hn::Set(d, weights.Head(h)[i]);
      Unroll<kVecs>([&](auto v) DYNSPLIT_SIMD_LAMBDA {
        sum[h][v] = hn::MulAdd(weight, value[v], sum[h][v]);
      });
    });
  }
  Unroll<kHeads>([&](auto h) DYNSPLIT_SIMD_LAMBDA {
    float* to = sums.Head(h) + begin;
    Unroll<kVecs>([&](auto v) DYNSPLIT_SIMD_LAMBDA { hn::StoreU(sum[h][v], d, to + v * lanes); });
  });
}

// sums[h] = decay[h] * sums[h] + sum over i of weights[h][i] * row i.
template <class AnyRows = Rows>
HWY_INLINE void SumRows(HeadArray<const float> weights, size_t heads, const AnyRows& rows,
                        const float* decay, HeadArray<float> sums) {
  constexpr size_t kVecs = 4;  // with kMaxHeads, as many accumulators as DotFourRows has
  WithConstantHeads(heads, [&](auto constant_heads) DYNSPLIT_SIMD_LAMBDA {
    const size_t lanes = hn::Lanes(RowTag());
    size_t begin = 0;
    const auto columns = [&](auto vecs) DYNSPLIT_SIMD_LAMBDA {
      for (; begin + vecs * lanes <= rows.length; begin += vecs * lanes) {
        SumColumns<constant_heads, vecs>(weights, rows, begin, decay, sums);
      }
    };
    columns(std::integral_constant<size_t, kVecs>{});
    columns(std::integral_constant<size_t, 1>{});
  });
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
