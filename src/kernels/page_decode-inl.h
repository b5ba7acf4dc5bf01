// Rows of a page as f16, whatever its type: the only code of the kernels that knows how rows lie
// (page_format.h). Included once per target.
#include <cstddef>
#include <cstdint>

#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "kernels/f16-inl.h"
#include "kernels/kv_view.h"

#if defined(DYNSPLIT_KERNELS_PAGE_DECODE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DYNSPLIT_KERNELS_PAGE_DECODE_INL_H_
#undef DYNSPLIT_KERNELS_PAGE_DECODE_INL_H_
#else
#define DYNSPLIT_KERNELS_PAGE_DECODE_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using PageTag = hn::CappedTag<float, 16>;  // 16 divides every head_dim and group
using PageVec = hn::Vec<PageTag>;

HWY_INLINE PageVec BroadcastF16(const f16* value) {
  return hn::Set(PageTag(), hn::GetLane(LoadF16(hn::CappedTag<float, 1>(), value)));
}

// The codes of channels [j, j + lanes) of a row of 4 bits.
HWY_INLINE PageVec LoadQ4(const f16* page, size_t head_dim, size_t row, size_t j) {
  const PageTag d;
  const hn::RebindToSigned<PageTag> d32;
  const hn::Rebind<uint8_t, PageTag> d8;
  const auto* codes = reinterpret_cast<const uint8_t*>(page) + Q4Codes(head_dim, row) + j;
  const auto both = hn::PromoteTo(d32, hn::LoadU(d8, codes));
  const auto code = row % 2 == 0 ? hn::And(both, hn::Set(d32, 15)) : hn::ShiftRight<4>(both);
  return hn::ConvertTo(d, code);
}

HWY_INLINE void DecodeQ8(const f16* page, size_t first, size_t count, size_t head_dim, f16* to) {
  const PageTag d;
  const hn::RebindToSigned<PageTag> d32;
  const hn::Rebind<int8_t, PageTag> d8;
  const size_t lanes = hn::Lanes(d);
  const size_t groups = NumQ8Groups(head_dim);
  for (size_t row = first; row < first + count; ++row, to += head_dim) {
    const int8_t* codes = reinterpret_cast<const int8_t*>(page) + row * head_dim;
    const f16* scales = page + Q8Scales(head_dim) + row * groups;
    for (size_t group = 0; group < groups; ++group) {
      const PageVec scale = BroadcastF16(scales + group);
      const size_t end = HWY_MIN((group + 1) * kQ8Group, head_dim);
      for (size_t j = group * kQ8Group; j < end; j += lanes) {
        const PageVec code = hn::ConvertTo(d, hn::PromoteTo(d32, hn::LoadU(d8, codes + j)));
        StoreF16(d, hn::Mul(code, scale), to + j);
      }
    }
  }
}

// Channel by channel: what they are decoded by is loaded once for all rows.
HWY_INLINE void DecodeQ4(const f16* page, size_t first, size_t count, size_t head_dim, f16* to) {
  const PageTag d;
  const f16* steps = page + Q4Steps(head_dim);
  for (size_t j = 0; j < head_dim; j += hn::Lanes(d)) {
    const PageVec step = LoadF16(d, steps + j);
    const PageVec low = LoadF16(d, steps + head_dim + j);
    for (size_t i = 0; i < count; ++i) {
      const PageVec code = LoadQ4(page, head_dim, first + i, j);
      StoreF16(d, hn::MulAdd(code, step, low), to + i * head_dim + j);
    }
  }
}

// Rows [first, first + count) of an encoded page to [count, head_dim].
HWY_INLINE void DecodeRows(KvType type, const f16* page, size_t first, size_t count,
                           size_t head_dim, f16* to) {
  if (type == KvType::kQ8) return DecodeQ8(page, first, count, head_dim, to);
  DecodeQ4(page, first, count, head_dim, to);
}

// Consecutive rows of one page, where they lie if they are f16, or else in `room`.
HWY_INLINE const f16* F16Rows(const PartView& part, TokenRange run, f16* room) {
  const KvType type = part.Type(run.start);
  if (type == KvType::kF16) return part.Row(run.start);
  DecodeRows(type, part.Page(run.start), static_cast<size_t>(run.start % kPageTokens),
             static_cast<size_t>(run.end - run.start), part.head_dim, room);
  return room;
}

// Fetches an encoded row into the cache.
HWY_INLINE void FetchEncoded(const PartView& part, int64_t token) {
  const size_t d = part.head_dim;
  const f16* page = part.Page(token);
  const size_t row = static_cast<size_t>(token % kPageTokens);
  const bool is_q8 = part.Type(token) == KvType::kQ8;
  const auto* bytes = reinterpret_cast<const uint8_t*>(page);
  const uint8_t* codes = bytes + (is_q8 ? row * d : Q4Codes(d, row));
  for (size_t j = 0; j < d; j += 64) hwy::Prefetch(codes + j);
  if (is_q8) {
    hwy::Prefetch(page + Q8Scales(d) + row * NumQ8Groups(d));
  } else {
    for (size_t j = 0; j < 2 * d; j += 32) hwy::Prefetch(page + Q4Steps(d) + j);
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
