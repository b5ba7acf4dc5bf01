// Plain structs through which keys and values reach the kernels: pointers and integers only, so
// that a GPU kernel can take the same ones. Nothing here owns memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/page_format.h"

namespace dynsplit {

inline constexpr int kTileTokens = 16;  // most rows of a tile of a chosen block

// The keys, after RoPE, or the values of one (sequence, layer, KV head): page i holds tokens
// [i * kPageTokens, (i + 1) * kPageTokens), 64-byte aligned, PageBytes of it, whatever it holds.
struct PartView {
  const f16* const* pages = nullptr;  // [num_pages]
  size_t head_dim = 0;
  KvTypes types = {};
  int64_t cold_end = 0;  // pages of the tokens before it are cold

  bool encoded() const { return types != KvTypes{}; }
  KvType Type(int64_t token) const { return token < cold_end ? types.cold : types.hot; }
  const f16* Page(int64_t token) const { return pages[token / kPageTokens]; }
  // Of a page that is f16.
  const f16* Row(int64_t token) const {
    return Page(token) + static_cast<size_t>(token % kPageTokens) * head_dim;
  }
};

// Both. A kernel touches only the pages of the tokens that it is told to read, and of these only
// keys or values where it needs only those: other addresses may be anything.
struct KvView {
  const f16* const* keys = nullptr;    // [num_pages]
  const f16* const* values = nullptr;  // [num_pages]
  int head_dim = 0;                    // of keys: a multiple of 16, at most kMaxHeadDim
  int value_dim = head_dim;            // of values, likewise
  KvTypes types = {};
  int64_t cold_end = 0;  // a multiple of kPageTokens: tokens before it are of types.cold

  // Of a page that is f16.
  const f16* Key(int64_t token) const { return Part(KvPart::kKeys).Row(token); }
  const f16* Value(int64_t token) const { return Part(KvPart::kValues).Row(token); }

  int Width(KvPart part) const { return part == KvPart::kKeys ? head_dim : value_dim; }
  PartView Part(KvPart part) const {
    return {part == KvPart::kKeys ? keys : values, static_cast<size_t>(Width(part)), types,
            cold_end};
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
