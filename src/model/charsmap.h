// SentencePiece's precompiled_charsmap: which sequences of bytes a text is normalised by, and what
// they become (NFKC and the like). A 32-bit length, a double array of that many bytes whose leaves
// are offsets, then the replacements, each ended by a null byte. Format of the double array:
// Darts-clone's DoubleArrayUnit. Thread safety: immutable after Create.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dynsplit/status.h"

namespace dynsplit {

class Charsmap {
 public:
  struct Match {
    size_t length = 0;  // bytes of the text; 0: nothing matches
    std::string_view replacement;
  };

  // Empty `bytes` map nothing. Corruption where the lengths contradict each other, or the last
  // replacement has no end.
  static Result<Charsmap> Create(const std::vector<uint8_t>& bytes);

  // The longest beginning of `text` that is mapped. Corruption where the map points outside itself.
  Result<Match> LongestPrefix(std::string_view text) const;

 private:
  std::vector<uint32_t> units_;
  std::vector<char> replacements_;  // ends with a null byte
};

}  // namespace dynsplit
