// Dot products of int8 rows with int16 queries, for several query heads at once. Included once per
// target.
//
// A query rounded to 16 bits is some 250 times finer than the rows, so nothing is lost by it, and
// twice as many products fit in a register as in f32, for which each int8 would also have to be
// widened twice and converted: 1.1 to 1.4 times as fast with AVX2 and AVX-512, 1.7 times with SSE4.
// All sums are exact.
#include <cstddef>

#include "hwy/highway.h"
#include "kernels/rows-inl.h"

#if defined(DYNSPLIT_KERNELS_ROWS_INT8_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DYNSPLIT_KERNELS_ROWS_INT8_INL_H_
#undef DYNSPLIT_KERNELS_ROWS_INT8_INL_H_
#else
#define DYNSPLIT_KERNELS_ROWS_INT8_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Consecutive rows of `length` int8 values, a multiple of 16.
struct Int8Rows {
  const int8_t* first = nullptr;
  size_t count = 0;
  size_t length = 0;
};

// A sum of this many products of an int8 and an int16, -32768 included, fits in int32.
inline constexpr size_t kMaxInt8Length = 512;
static_assert(kMaxInt8Length * 127 * 32768 < (size_t{1} << 31));
static_assert(kMaxInt8Length >= 2 * kMaxHeadDim);

// to[j] = round(query[j] / scale), in -32767..32767; returns the scale. `length`: a multiple of 16.
HWY_INLINE float QuantizeQuery(const float* query, size_t length, int16_t* to) {
  const RowTag d;
  const hn::Rebind<int16_t, RowTag> d16;
  RowVec max = hn::Zero(d);
  for (size_t j = 0; j < length; j += hn::Lanes(d)) {
    max = hn::Max(max, hn::Abs(hn::LoadU(d, query + j)));
  }
  const float largest = hn::GetLane(hn::MaxOfLanes(d, max));
  // The inverse of less would be infinite; such a query scores everything alike.
  const RowVec inverse = hn::Set(d, largest > 1e-30f ? 32767 / largest : 0.0f);
  for (size_t j = 0; j < length; j += hn::Lanes(d)) {
    const auto rounded = hn::NearestInt(hn::Mul(hn::LoadU(d, query + j), inverse));
    hn::StoreU(hn::DemoteTo(d16, rounded), d16, to + j);
  }
  return largest / 32767;
}

#if HWY_TARGET == HWY_SCALAR  // has no pairs to add up
HWY_INLINE void DotInt8Rows(HeadArray<const int16_t> queries, size_t heads, Int8Rows rows,
                            HeadArray<int32_t> dots) {
  for (size_t h = 0; h < heads; ++h) {
    for (size_t i = 0; i < rows.count; ++i) {
      int32_t dot = 0;
      for (size_t j = 0; j < rows.length; ++j) {
        dot += queries.Head(h)[j] * rows.first[i * rows.length + j];
      }
      dots.Head(h)[i] = dot;
    }
  }
}
#else

template <size_t kHeads, class D16>
HWY_INLINE void DotFourInt8Rows(D16 d16, HeadArray<const int16_t> queries,
                                const int8_t* const (&row)[4], size_t length,
                                HeadArray<int32_t> dots) {
  const hn::RepartitionToWide<D16> d32;
  const hn::Rebind<int8_t, D16> d8;
  using Sum = hn::Vec<decltype(d32)>;
  Sum sum[kHeads][4], other[kHeads][4];  // `other` stays zero, and no register, on x86
  for (size_t h = 0; h < kHeads; ++h) {
    for (size_t i = 0; i < 4; ++i) sum[h][i] = other[h][i] = hn::Zero(d32);
  }
  for (size_t j = 0; j < length; j += hn::Lanes(d16)) {
    Unroll<4>([&](auto i) DYNSPLIT_SIMD_LAMBDA {
      const auto values = hn::PromoteTo(d16, hn::LoadU(d8, row[i] + j));
      Unroll<kHeads>([&](auto h) DYNSPLIT_SIMD_LAMBDA {
        const auto query = hn::LoadU(d16, queries.Head(h) + j);
        sum[h][i] = hn::ReorderWidenMulAccumulate(d32, values, query, sum[h][i], other[h][i]);
      });
    });
  }
  Unroll<kHeads>([&](auto h) DYNSPLIT_SIMD_LAMBDA {
    Unroll<4>([&](auto i) DYNSPLIT_SIMD_LAMBDA { sum[h][i] = hn::Add(sum[h][i], other[h][i]); });
    StoreFourSums(d32, sum[h], dots.Head(h));
  });
}

// dots[h][i] = queries[h] . row i, with room as DotRows() wants it. rows.length <= kMaxInt8Length.
HWY_INLINE void DotInt8Rows(HeadArray<const int16_t> queries, size_t heads, Int8Rows rows,
                            HeadArray<int32_t> dots) {
  WithConstantHeads(heads, [&](auto constant_heads) DYNSPLIT_SIMD_LAMBDA {
    for (size_t i = 0; i < rows.count; i += 4) {
      const int8_t* row[4];
      for (size_t k = 0; k < 4; ++k) {  // past the end, the last row again
        row[k] = rows.first + (i + k < rows.count ? i + k : rows.count - 1) * rows.length;
      }
      const HeadArray<int32_t> four = {dots.first + i, dots.stride};
      if (rows.length % 32 == 0) {
        DotFourInt8Rows<constant_heads>(hn::CappedTag<int16_t, 32>(), queries, row, rows.length,
                                        four);
      } else {
        DotFourInt8Rows<constant_heads>(hn::CappedTag<int16_t, 16>(), queries, row, rows.length,
                                        four);
      }
    }
  });
}
#endif

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
