// Products of a block of query rows with keys, GEMM-shaped: the queries lie in columns, so that
// sums over dimensions run down them and no vector is ever added up across. Included once per
// target.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/f16-inl.h"
#include "kernels/query_columns.h"
#include "kernels/unroll-inl.h"

#if defined(DYNSPLIT_KERNELS_QUERY_COLUMNS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DYNSPLIT_KERNELS_QUERY_COLUMNS_INL_H_
#undef DYNSPLIT_KERNELS_QUERY_COLUMNS_INL_H_
#else
#define DYNSPLIT_KERNELS_QUERY_COLUMNS_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace dynsplit::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, 16>;  // 16 divides head_dim
using Vec = hn::Vec<Tag>;

// The register block of both products: kUnits keys (or dimensions) times up to kMaxVecs vectors of
// queries. 24 accumulators of 32 registers, or 12 of 16; a step loads kUnits + kMaxVecs values for
// kUnits * kMaxVecs multiplications. kUnits divides 16.
constexpr size_t kMaxVecs = 3;
static_assert(kMaxVecs * 16 <= kMaxBlockQueries);
#if HWY_TARGET == HWY_NEON || (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3)
constexpr size_t kUnits = 8;
#else
constexpr size_t kUnits = 4;
#endif

// Rows [rows, group_heads, head_dim] of queries; a query is a row's vector of one head.
struct QueryRows {
  const float* queries = nullptr;
  int64_t row_stride = 0;
  size_t rows = 0;
  size_t group_heads = 1;
  size_t head_dim = 0;
  float scale = 1;

  size_t count() const { return rows * group_heads; }
  const float* query(size_t idx) const {
    return queries + static_cast<int64_t>(idx / group_heads) * row_stride +
           idx % group_heads * head_dim;
  }
};

// Up to kMaxVecs vectors of queries.
struct Block {
  size_t first = 0;  // query
  size_t vecs = 0;
  size_t queries = 0;  // without padding

  size_t Width() const { return vecs * hn::Lanes(Tag()); }
};

// Calls fn(block) for all blocks. Only the last may be narrower than kMaxVecs.
template <typename Fn>
HWY_INLINE void ForBlocks(size_t num_queries, const Fn& fn) {
  const size_t lanes = hn::Lanes(Tag());
  for (size_t first = 0; first < num_queries; first += kMaxVecs * lanes) {
    const size_t left = num_queries - first;
    const size_t vecs = std::min(kMaxVecs, (left + lanes - 1) / lanes);
    fn(Block{first, vecs, std::min(left, vecs * lanes)});
  }
}

// Writes the queries of a block, scaled, into columns [head_dim, width]. Padding gets zeros.
HWY_INLINE void LoadColumns(const QueryRows& from, const Block& block, float* columns) {
  const size_t width = block.Width();
  for (size_t i = 0; i < width; ++i) {
    const float scale = i < block.queries ? from.scale : 0;
    const float* query = from.query(std::min(block.first + i, from.count() - 1));
    for (size_t j = 0; j < from.head_dim; ++j) columns[j * width + i] = query[j] * scale;
  }
}

HWY_INLINE void LoadRows(const f16* from, size_t count, size_t head_dim, float* to) {
  const Tag d;
  for (size_t i = 0; i < count * head_dim; i += hn::Lanes(d)) {
    hn::Store(LoadF16(d, from + i), d, to + i);
  }
}

// Clears the rows from `count` up to the next multiple of kUnits: what lies there must not reach a
// product.
HWY_INLINE void ClearPadding(size_t count, size_t head_dim, float* rows) {
  const size_t padded = (count + kUnits - 1) / kUnits * kUnits;
  std::fill(rows + count * head_dim, rows + padded * head_dim, 0.0f);
}

// scores [count, kVecs vectors] = keys [count, head_dim] x columns; of `count` rounded up to a
// multiple of kUnits.
template <size_t kVecs>
HWY_INLINE void Multiply(const float* keys, size_t count, size_t head_dim, const float* columns,
                         float* scores) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  for (size_t key = 0; key < count; key += kUnits) {
    Vec sum[kUnits][kVecs];
    for (auto& of_key : sum) {
      for (auto& v : of_key) v = hn::Zero(d);
    }
    const float* rows = keys + key * head_dim;
    for (size_t j = 0; j < head_dim; ++j) {
      Vec query[kVecs];
      Unroll<kVecs>([&](auto v) DYNSPLIT_SIMD_LAMBDA {
        query[v] = hn::Load(d, columns + (j * kVecs + v) * lanes);
      });
      Unroll<kUnits>([&](auto u) DYNSPLIT_SIMD_LAMBDA {
        const Vec element = hn::Set(d, rows[u * head_dim + j]);
        Unroll<kVecs>([&](auto v) DYNSPLIT_SIMD_LAMBDA {
          sum[u][v] = hn::MulAdd(element, query[v], sum[u][v]);
        });
      });
    }
    Unroll<kUnits>([&](auto u) DYNSPLIT_SIMD_LAMBDA {
      Unroll<kVecs>([&](auto v) DYNSPLIT_SIMD_LAMBDA {
        hn::Store(sum[u][v], d, scores + ((key + u) * kVecs + v) * lanes);
      });
    });
  }
}

}  // namespace dynsplit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
