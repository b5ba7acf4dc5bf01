// Plain structs through which keys and values reach the kernels: pointers and integers only, so
// that a GPU kernel can take the same ones. Nothing here owns memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dynsplit {

using f16 = uint16_t;  // the bits of an IEEE 754 binary16

inline constexpr int kPageTokens = 64;  // tokens of one (layer, KV head) in a page
inline constexpr int kMaxHeadDim = 256;
inline constexpr int kTileTokens = 16;  // most rows of a tile of a chosen block

// A page holds either keys, after RoPE, or values: rows [kPageTokens, head_dim], f16, 64-byte
// aligned.
constexpr size_t PageElements(int head_dim) {
  return size_t{kPageTokens} * static_cast<size_t>(head_dim);
}

// The keys and values of one (sequence, layer, KV head): page i of either holds tokens
// [i * kPageTokens, (i + 1) * kPageTokens). A kernel touches only the pages of the tokens that it
// is told to read, and of these only keys or values where it needs only those: other addresses may
// be anything.
struct KvView {
  const f16* const* keys = nullptr;    // [num_pages]
  const f16* const* values = nullptr;  // [num_pages]
  int head_dim = 0;                    // a multiple of 16, at most kMaxHeadDim

  const f16* Key(int64_t token) const { return Row(keys, token); }
  const f16* Value(int64_t token) const { return Row(values, token); }

 private:
  const f16* Row(const f16* const* pages, int64_t token) const {
    return pages[token / kPageTokens] + (token % kPageTokens) * head_dim;
  }
};

// The unit of attention work: `rows` consecutive tokens from `start`, all in one page. A tile of
// zero rows is padding: it keeps the number of tiles equal for all KV heads (method.md section 4).
struct Tile {
  int32_t start = 0;
  int32_t rows = 0;
};

// Consecutive tokens [start, end).
struct TokenRange {
  int64_t start = 0;
  int64_t end = 0;
};

}  // namespace dynsplit
