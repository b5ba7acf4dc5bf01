// How keys and values are held.
#pragma once

#include <cstdint>

namespace dynsplit {

// From the finest to the coarsest. docs/memory.md, "Types", has what each costs and saves.
enum class KvType : uint8_t {
  kF16,
  kQ8,  // 8 bits, a scale for 32 elements of a row: ggml's q8_0
  kQ4,  // 4 bits, least value and step of each channel of a page of 64 tokens
};

// Of the last 128 to 191 tokens of a sequence (`hot`), and of those before them.
struct KvTypes {
  KvType hot = KvType::kF16;   // not kQ4: its steps are those of a whole page
  KvType cold = KvType::kF16;  // no finer than `hot`

  friend bool operator==(const KvTypes&, const KvTypes&) = default;
};

constexpr const char* NameOf(KvType type) {
  switch (type) {
    case KvType::kF16:
      return "f16";
    case KvType::kQ8:
      return "q8_0";
    case KvType::kQ4:
      return "q4";
  }
  return "of no known type";
}

}  // namespace dynsplit
