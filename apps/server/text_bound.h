// How many tokens a text has at least, by a look at its bytes: a text that cannot fit the context
// is refused before it is encoded, which takes 3 to 5 seconds a megabyte. Immutable, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dynsplit/tokenizer.h"

namespace dynsplit::server {

class TextBound {
 public:
  TextBound() = default;  // knows nothing: 0 for any text
  // Looks at every token.
  explicit TextBound(const Tokenizer& tokenizer);

  int64_t LeastTokens(std::string_view text) const;

 private:
  std::array<double, 256> shares_ = {};  // of a token, by byte: what it takes up of any at least
};

}  // namespace dynsplit::server
