// Dot products of 2-bit vectors (kernels/int2.h) with f32 queries, for several query heads at once,
// as sums of whole numbers: codes times what a step of each channel adds to the score, rounded to 8
// bits. Included once per target.
#include <cstddef>
#include <cstdint>
#include <cstring>

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

// Scores of a query: scale * (sum of step * code) + constant.
struct Int2Query {
  float scale = 0;
  float constant = 0;
};

// Steps are in 8 bits. A lane of 16 adds up the products of half the channels of a span.
inline constexpr int kGreatestInt2Step = 127;
inline constexpr size_t kInt2Span = 128;
static_assert(kInt2Span / 2 * 3 * kGreatestInt2Step <= 32767);

// The channels of some lines of groups (kernels/int2.h), or of the first ones.
struct Int2Lines {
  const int* lines = nullptr;  // null: 0, 1, ...
  size_t count = 0;

  HWY_INLINE size_t Channel(size_t i) const {
    return kInt2LineChannels * (lines == nullptr ? i : static_cast<size_t>(lines[i]));
  }
};

// Makes the query for vectors of this scale, times `factor`, as if they lay at its centers in the
// channels of other lines; its steps go to `steps`, [head_dim], those of the lines alone.
HWY_INLINE Int2Query MakeInt2Query(const float* query, const f16* scale, size_t head_dim,
                                   const Int2Lines& lines, float factor, int8_t* steps) {
  const RowTag d;
  const hn::Rebind<int8_t, RowTag> d8;
  constexpr size_t kLanes = hn::MaxLanes(RowTag());
  HWY_ALIGN_MAX float exact[kMaxHeadDim];
  RowVec greatest = hn::Zero(d), constant = hn::Zero(d);
  for (size_t j = 0; j < head_dim; j += kLanes) {
    constant = hn::MulAdd(hn::LoadU(d, query + j), LoadF16(d, scale + j), constant);
  }
  const auto for_each = [&](const auto& fn) DYNSPLIT_SIMD_LAMBDA {
    for (size_t i = 0; i < lines.count; ++i) {
      for (size_t j = 0; j < kInt2LineChannels; j += kLanes) fn(lines.Channel(i) + j);
    }
  };
  for_each([&](size_t j) DYNSPLIT_SIMD_LAMBDA {
    const RowVec step = hn::Mul(hn::LoadU(d, query + j), LoadF16(d, scale + head_dim + j));
    hn::Store(step, d, exact + j);
    greatest = hn::Max(greatest, hn::Abs(step));
  });
  const float range = hn::GetLane(hn::MaxOfLanes(d, greatest));
  constexpr auto most = static_cast<float>(kGreatestInt2Step);
  // The inverse of less would be infinite; such a query scores everything alike.
  const RowVec inverse = hn::Set(d, range > 1e-30f ? most / range : 0.0f);
  const hn::RebindToSigned<RowTag> d32;
  auto sum = hn::Zero(d32);
  for_each([&](size_t j) DYNSPLIT_SIMD_LAMBDA {
    // What is no number becomes one too, so that its sum cannot overflow.
    const RowVec scaled = hn::Mul(hn::Load(d, exact + j), inverse);
    const auto rounded = hn::NearestInt(hn::Clamp(scaled, hn::Set(d, -most), hn::Set(d, most)));
    hn::StoreU(hn::DemoteTo(d8, rounded), d8, steps + j);
    sum = hn::Add(sum, rounded);
  });
  // The 1.5 that is taken from each code is multiplied by the rounded steps too, so that an error
  // of rounding is weighed by code - 1.5, not by code.
  const float unit = range / most;
  const auto steps_sum = static_cast<float>(hn::GetLane(hn::SumOfLanes(d32, sum)));
  const float centers = hn::GetLane(hn::SumOfLanes(d, constant));
  return {unit * factor, (centers - 1.5f * unit * steps_sum) * factor};
}

// Groups of vectors of one scale, those from number `first` on of some panels.
struct Int2Groups {
  const uint8_t* panels = nullptr;
  size_t first = 0;
  size_t count = 0;
  size_t head_dim = 0;
};

#if HWY_TARGET == HWY_SCALAR  // has no lanes of other widths
template <size_t kHeads>
HWY_INLINE void DotInt2GroupsOf(const Int2Query* queries, HeadArray<const int8_t> steps,
                                const Int2Groups& groups, HeadArray<float> dots) {
  const int head_dim = static_cast<int>(groups.head_dim);
  for (size_t h = 0; h < kHeads; ++h) {
    for (size_t i = 0; i < groups.count * kInt2Group; ++i) {
      int sum = 0;
      for (int j = 0; j < head_dim; ++j) {
        const auto vector = static_cast<int64_t>(groups.first * kInt2Group + i);
        sum += steps.Head(h)[j] * Int2Code(groups.panels, PlaceOfInt2(head_dim, vector, j));
      }
      dots.Head(h)[i] = static_cast<float>(sum) * queries[h].scale + queries[h].constant;
    }
  }
}
#else

using Int2Tag = hn::CappedTag<uint8_t, kInt2Group * 4>;

// Of each pair of bytes next to each other, the sum of their products, which must fit.
template <class D16 = hn::Repartition<int16_t, Int2Tag> >
HWY_INLINE hn::Vec<D16> MulPairs(hn::Vec<Int2Tag> codes, hn::Vec<D16> steps) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  return hn::Vec<D16>{_mm512_maddubs_epi16(codes.raw, steps.raw)};
#elif HWY_TARGET == HWY_AVX2
  return hn::Vec<D16>{_mm256_maddubs_epi16(codes.raw, steps.raw)};
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_SSE4
  return hn::Vec<D16>{_mm_maddubs_epi16(codes.raw, steps.raw)};
#else
  const D16 d16;
  const hn::Repartition<uint16_t, Int2Tag> du16;
  const auto low = hn::And(hn::BitCast(d16, codes), hn::Set(d16, int16_t{255}));
  const auto high = hn::BitCast(d16, hn::ShiftRight<8>(hn::BitCast(du16, codes)));
  const auto low_steps = hn::ShiftRight<8>(hn::ShiftLeft<8>(steps));
  return hn::Add(hn::Mul(low, low_steps), hn::Mul(high, hn::ShiftRight<8>(steps)));
#endif
}

// A register holds four channels of so many vectors.
inline constexpr size_t kInt2Lanes = hn::MaxLanes(Int2Tag()) / 4;

// Where a register of vectors has its first line.
HWY_INLINE const uint8_t* CodesOfRegister(const uint8_t* panels, size_t head_dim, size_t vector) {
  return panels + Int2FirstLine(static_cast<int>(head_dim), vector / kInt2Group) +
         vector % kInt2Group * 4;
}

// Adds to sums[h][r] the products of 16 channels: their codes in register r, whose first line is at
// codes[r], and steps of head h, from `first` on.
template <size_t kHeads, size_t kCount, class V16 = hn::Vec<hn::Repartition<int16_t, Int2Tag> > >
HWY_INLINE void AddInt2Channels(HeadArray<const int8_t> steps, size_t first,
                                const uint8_t* const (&codes)[kCount],
                                V16 (&sums)[kHeads][kCount]) {
  const Int2Tag d8;
  const hn::Repartition<uint16_t, Int2Tag> du16;
  const hn::Repartition<int16_t, Int2Tag> d16;
  const hn::Repartition<int32_t, Int2Tag> d32;
  const auto mask = hn::Set(d8, uint8_t{3});
  hn::Vec<Int2Tag> bytes[kCount];
  Unroll<kCount>([&](auto r) DYNSPLIT_SIMD_LAMBDA {
    bytes[r] = hn::LoadU(d8, codes[r] + first / kInt2LineChannels * kInt2LineStride);
  });
  Unroll<4>([&](auto quad) DYNSPLIT_SIMD_LAMBDA {
    hn::Vec<Int2Tag> of_quad[kCount];
    Unroll<kCount>([&](auto r) DYNSPLIT_SIMD_LAMBDA {
      const auto moved = hn::ShiftRight<2 * quad>(hn::BitCast(du16, bytes[r]));
      of_quad[r] = hn::And(hn::BitCast(d8, moved), mask);
    });
    Unroll<kHeads>([&](auto h) DYNSPLIT_SIMD_LAMBDA {
      int32_t four;
      std::memcpy(&four, steps.Head(h) + first + 4 * quad, sizeof four);
      const auto of_query = hn::BitCast(d16, hn::Set(d32, four));
      Unroll<kCount>([&](auto r) DYNSPLIT_SIMD_LAMBDA {
        sums[h][r] = hn::Add(sums[h][r], MulPairs(of_quad[r], of_query));
      });
    });
  });
}

// The sum of a vector's two lanes of 16 bits.
HWY_INLINE hn::Vec<hn::Repartition<int32_t, Int2Tag> > SumOfPairs(
    hn::Vec<hn::Repartition<int16_t, Int2Tag> > sums) {
  const auto pairs = hn::BitCast(hn::Repartition<int32_t, Int2Tag>(), sums);
  return hn::Add(hn::ShiftRight<16>(hn::ShiftLeft<16>(pairs)), hn::ShiftRight<16>(pairs));
}

// dots[h][i]: the score of vector i of `count` registers of them, from number `first` on. Two share
// each load of a query's steps; more would not leave registers for the sums of many heads.
template <size_t kHeads, size_t kCount>
HWY_INLINE void DotInt2Registers(const Int2Query* queries, HeadArray<const int8_t> steps,
                                 const Int2Groups& groups, size_t first, HeadArray<float> dots) {
  const hn::Repartition<int16_t, Int2Tag> d16;
  const hn::Repartition<int32_t, Int2Tag> d32;
  const hn::RebindToFloat<decltype(d32)> d;
  const uint8_t* codes[kCount];
  for (size_t r = 0; r < kCount; ++r) {
    codes[r] = CodesOfRegister(groups.panels, groups.head_dim,
                               groups.first * kInt2Group + (first + r) * kInt2Lanes);
  }
  for (size_t begin = 0; begin < groups.head_dim; begin += kInt2Span) {
    const size_t end = HWY_MIN(begin + kInt2Span, groups.head_dim);
    hn::Vec<decltype(d16)> sums[kHeads][kCount];
    for (auto& of_head : sums) {
      for (auto& sum : of_head) sum = hn::Zero(d16);
    }
    for (size_t j = begin; j < end; j += 16) AddInt2Channels(steps, j, codes, sums);
    Unroll<kHeads>([&](auto h) DYNSPLIT_SIMD_LAMBDA {
      const auto scale = hn::Set(d, queries[h].scale), constant = hn::Set(d, queries[h].constant);
      Unroll<kCount>([&](auto r) DYNSPLIT_SIMD_LAMBDA {
        float* dot = dots.Head(h) + (first + r) * kInt2Lanes;
        const auto sum = hn::ConvertTo(d, SumOfPairs(sums[h][r]));
        const auto so_far = begin == 0 ? constant : hn::LoadU(d, dot);
        hn::StoreU(hn::MulAdd(sum, scale, so_far), d, dot);
      });
    });
  }
}

template <size_t kHeads>
HWY_INLINE void DotInt2GroupsOf(const Int2Query* queries, HeadArray<const int8_t> steps,
                                const Int2Groups& groups, HeadArray<float> dots) {
  const size_t count = groups.count * kInt2Group / kInt2Lanes;
  size_t r = 0;
  for (; r + 2 <= count; r += 2) DotInt2Registers<kHeads, 2>(queries, steps, groups, r, dots);
  if (r < count) DotInt2Registers<kHeads, 1>(queries, steps, groups, r, dots);
}
#endif

// dots[h][i]: the score of vector i of the groups.
HWY_INLINE void DotInt2Groups(const Int2Query* queries, HeadArray<const int8_t> steps, size_t heads,
                              const Int2Groups& groups, HeadArray<float> dots) {
  WithConstantHeads(heads, [&](auto constant_heads) DYNSPLIT_SIMD_LAMBDA {
    DotInt2GroupsOf<constant_heads>(queries, steps, groups, dots);
  });
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
