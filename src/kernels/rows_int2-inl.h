// Dot products of 2-bit vectors (kernels/int2.h) with f32 queries, for several query heads at once,
// by table: for each pair of channels the 16 sums of two products that its codes can name, rounded
// to 8 bits, of which one instruction looks up a register. Included once per target.
#include <cstddef>

#include "hwy/highway.h"
#include "kernels/int2.h"
#include "kernels/rows-inl.h"

#if defined(DYNSPLIT_KERNELS_ROWS_INT2_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DYNSPLIT_KERNELS_ROWS_INT2_INL_H_
#undef DYNSPLIT_KERNELS_ROWS_INT2_INL_H_
#else
#define DYNSPLIT_KERNELS_ROWS_INT2_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr size_t kMaxInt2Pairs = kMaxHeadDim / 2;
static_assert(kMaxInt2Pairs * 255 <= 65535);  // sums stay within 16 bits

// A query's products: scale * (sum of a table entry for each pair) + constant.
struct Int2Query {
  uint8_t* tables = nullptr;  // [head_dim / 2, 16]
  float scale = 0;
  float constant = 0;
};

// What a pair of channels adds to the score: lower * (code - 1.5) + upper * (code' - 1.5), at most
// `reach` up or down.
struct Int2Pairs {
  HWY_ALIGN_MAX float lower[kMaxInt2Pairs];
  HWY_ALIGN_MAX float upper[kMaxInt2Pairs];
  HWY_ALIGN_MAX float reach[kMaxInt2Pairs];
  float greatest_reach = 0;
  float constant = 0;  // what the centers add, less all reaches

  HWY_INLINE void Multiply(float factor, size_t count) {
    const hn::CappedTag<float, 8> d;  // 8 divides the number of pairs
    for (float* numbers : {lower, upper, reach}) {
      for (size_t p = 0; p < count; p += hn::Lanes(d)) {
        hn::Store(hn::Mul(hn::Load(d, numbers + p), hn::Set(d, factor)), d, numbers + p);
      }
    }
  }
};

HWY_INLINE void MakeInt2Pairs(const float* query, const f16* scale, size_t head_dim,
                              Int2Pairs* to) {
  const hn::CappedTag<float, 8> d;  // 8 divides the number of pairs
  const size_t pairs = head_dim / 2;
  const f16* steps = scale + head_dim;
  auto greatest = hn::Zero(d), constant = hn::Zero(d);
  for (size_t p = 0; p < pairs; p += hn::Lanes(d)) {
    const auto low = hn::LoadU(d, query + p), high = hn::LoadU(d, query + pairs + p);
    const auto lower = hn::Mul(low, LoadF16(d, steps + p));
    const auto upper = hn::Mul(high, LoadF16(d, steps + pairs + p));
    const auto reach = hn::Mul(hn::Add(hn::Abs(lower), hn::Abs(upper)), hn::Set(d, 1.5f));
    hn::StoreU(lower, d, to->lower + p);
    hn::StoreU(upper, d, to->upper + p);
    hn::StoreU(reach, d, to->reach + p);
    greatest = hn::Max(greatest, reach);
    constant = hn::MulAdd(low, LoadF16(d, scale + p), hn::Sub(constant, reach));
    constant = hn::MulAdd(high, LoadF16(d, scale + pairs + p), constant);
  }
  to->greatest_reach = hn::GetLane(hn::MaxOfLanes(d, greatest));
  to->constant = hn::GetLane(hn::SumOfLanes(d, constant));
}

// Makes to->tables, which must have room, and the two numbers, for vectors of this scale.
HWY_INLINE void MakeInt2Tables(const float* query, const f16* scale, size_t head_dim,
                               Int2Query* to) {
  Int2Pairs pairs;
  MakeInt2Pairs(query, scale, head_dim, &pairs);
  const float range = 2 * pairs.greatest_reach;
  to->constant = pairs.constant;
  to->scale = range / 255;
  // The inverse of less would be infinite; such a query scores everything alike.
  const float inverse = range > 1e-30f ? 255 / range : 0;
  pairs.Multiply(inverse, head_dim / 2);
  HWY_ALIGN_MAX static constexpr float kLower[16] = {-1.5, -.5, .5, 1.5, -1.5, -.5, .5, 1.5,
                                                     -1.5, -.5, .5, 1.5, -1.5, -.5, .5, 1.5};
  HWY_ALIGN_MAX static constexpr float kUpper[16] = {-1.5, -1.5, -1.5, -1.5, -.5, -.5, -.5, -.5,
                                                     .5,   .5,   .5,   .5,   1.5, 1.5, 1.5, 1.5};
  const RowTag d;
  const hn::RebindToSigned<RowTag> d32;
  const hn::Rebind<uint8_t, RowTag> d8;
  // Added to a number from 0 to 255, it leaves that number, rounded, in the last byte.
  const RowVec rounder = hn::Set(d, 8388608.0f);
  for (size_t p = 0; p < head_dim / 2; ++p) {
    const RowVec lower = hn::Set(d, pairs.lower[p]), upper = hn::Set(d, pairs.upper[p]);
    const RowVec reach = hn::Set(d, pairs.reach[p]);
    for (size_t code = 0; code < 16; code += hn::Lanes(d)) {
      RowVec entry = hn::MulAdd(lower, hn::LoadU(d, kLower + code), reach);
      entry = hn::MulAdd(upper, hn::LoadU(d, kUpper + code), entry);
      const auto bits = hn::BitCast(d32, hn::Add(entry, rounder));
      const auto rounded = hn::And(bits, hn::Set(d32, 255));
      hn::StoreU(hn::DemoteTo(d8, rounded), d8, to->tables + p * 16 + code);
    }
  }
}

#if HWY_TARGET == HWY_SCALAR  // has no tables
HWY_INLINE void SumInt2Group(HeadArray<const uint8_t> tables, size_t heads, const uint8_t* group,
                             size_t head_dim, HeadArray<uint16_t> sums) {
  for (size_t h = 0; h < heads; ++h) {
    for (int64_t i = 0; i < kInt2Group; ++i) {
      uint16_t sum = 0;
      for (size_t pair = 0; pair < head_dim / 2; ++pair) {
        const int byte = group[pair * 16 + static_cast<size_t>(i % 16)];
        const int half = byte >> (i / 16 * 4) & 15;
        sum = static_cast<uint16_t>(sum + tables.Head(h)[pair * 16 + static_cast<size_t>(half)]);
      }
      sums.Head(h)[i] = sum;
    }
  }
}
#else

template <size_t kHeads>
HWY_INLINE void SumInt2GroupOf(HeadArray<const uint8_t> tables, const uint8_t* group,
                               size_t head_dim, HeadArray<uint16_t> sums) {
  const hn::CappedTag<uint8_t, 64> d8;
  const hn::Repartition<uint16_t, decltype(d8)> d16;
  const hn::CappedTag<uint16_t, 8> block16;
  using Sum = hn::Vec<decltype(d16)>;
  // Of the vectors with even numbers (and 256 times the others), and of the odd ones: of the first
  // 16 vectors, then of the others.
  Sum even[kHeads][2], odd[kHeads][2];
  for (size_t h = 0; h < kHeads; ++h) {
    for (size_t half = 0; half < 2; ++half) even[h][half] = odd[h][half] = hn::Zero(d16);
  }
  const auto mask = hn::Set(d8, uint8_t{15});
  for (size_t at = 0; at < head_dim * 8; at += hn::Lanes(d8)) {
    const auto bytes = hn::LoadU(d8, group + at);
    const auto high = hn::BitCast(d8, hn::ShiftRight<4>(hn::BitCast(d16, bytes)));
    const hn::Vec<decltype(d8)> halves[2] = {hn::And(bytes, mask), hn::And(high, mask)};
    Unroll<kHeads>([&](auto h) DYNSPLIT_SIMD_LAMBDA {
      const auto table = hn::LoadU(d8, tables.Head(h) + at);
      Unroll<2>([&](auto half) DYNSPLIT_SIMD_LAMBDA {
        const auto entries = hn::BitCast(d16, hn::TableLookupBytes(table, halves[half]));
        even[h][half] = hn::Add(even[h][half], entries);
        odd[h][half] = hn::Add(odd[h][half], hn::ShiftRight<8>(entries));
      });
    });
  }
  Unroll<kHeads>([&](auto h) DYNSPLIT_SIMD_LAMBDA {
    Unroll<2>([&](auto half) DYNSPLIT_SIMD_LAMBDA {
      const auto of_odd = SumOfBlocks(d16, odd[h][half]);
      const auto of_both = SumOfBlocks(d16, even[h][half]);
      const auto of_even = hn::Sub(of_both, hn::ShiftLeft<8>(of_odd));
      hn::StoreInterleaved2(of_even, of_odd, block16, sums.Head(h) + half * 16);
    });
  });
}

// sums[h][i]: of the entries that vector i of the group names.
HWY_INLINE void SumInt2Group(HeadArray<const uint8_t> tables, size_t heads, const uint8_t* group,
                             size_t head_dim, HeadArray<uint16_t> sums) {
  WithConstantHeads(heads, [&](auto constant_heads) DYNSPLIT_SIMD_LAMBDA {
    SumInt2GroupOf<constant_heads>(tables, group, head_dim, sums);
  });
}
#endif

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
