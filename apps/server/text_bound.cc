#include "apps/server/text_bound.h"

#include <algorithm>
#include <bitset>

namespace dynsplit::server {
namespace {

// Never changed or dropped before a text is encoded, as white space and others may be.
bool StaysAsItIs(size_t byte) { return byte > ' ' && byte < 0x7f; }

// Of text: SentencePiece reads three bytes as a space, too.
size_t MostBytes(std::string_view token) {
  return token.size() + 2 * static_cast<size_t>(std::count(token.begin(), token.end(), ' '));
}

}  // namespace

// A token of n bytes has only bytes whose longest token has n or more, so their shares of at most
// 1/n each make no more than one. Not so of a byte without a token of its own: where it is unknown,
// a run of any length is one token.
TextBound::TextBound(const Tokenizer& tokenizer) {
  size_t longest = 1;
  std::array<size_t, 256> longest_with = {};
  std::bitset<256> alone;
  for (int32_t id = 0; id < tokenizer.size(); ++id) {
    const std::string_view token = tokenizer.TokenBytes(id, /*show_control=*/true);
    const size_t size = MostBytes(token);
    longest = std::max(longest, size);
    for (const char c : token) {
      size_t& with = longest_with[static_cast<uint8_t>(c)];
      with = std::max(with, size);
    }
    if (token.size() == 1) alone.set(static_cast<uint8_t>(token[0]));
  }
  for (size_t byte = 0; byte < shares_.size(); ++byte) {
    if (!alone[byte]) continue;
    const size_t most = StaysAsItIs(byte) ? longest_with[byte] : longest;
    shares_[byte] = 1.0 / static_cast<double>(most);
  }
}

int64_t TextBound::LeastTokens(std::string_view text) const {
  double tokens = 0;
  for (const char c : text) tokens += shares_[static_cast<uint8_t>(c)];
  return static_cast<int64_t>(tokens);
}

}  // namespace dynsplit::server
