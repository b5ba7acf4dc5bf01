// What kind of boundary the text after each token is, judged from the decoded bytes of the
// vocabulary, never from token strings looked up by name (method.md section 1).
//
// A token takes the strongest class found in it; text inside it after the delimiter is tolerated.
// Numbers (3.14, 1,000, 12:30), names (a.b, a::b), operators (!=) and all but the last mark of
// "..." or "?!" are no delimiters: the characters before and after decide. A closing quote or
// bracket right after a sentence's end is a sentence's end too. kSpace is the one class that looks
// at the cut itself: white space on either side of it. A character whose bytes are spread over
// several tokens counts in the last of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/method.h"

namespace dynsplit {

class DelimiterScanner;

// Built once per vocabulary; immutable, so all calls may run at once. Copying copies the bytes.
class DelimiterTable {
 public:
  // token_bytes[id]: decoded bytes of a token, any bytes at all, also none. turn[id] != 0: a chat
  // template's special token, whose bytes are not text. The spans have the same size.
  static DelimiterTable Build(std::span<const std::string> token_bytes,
                              std::span<const uint8_t> turn);

  // out[i] = class of the text after tokens[i], given the tokens that follow; the last token is
  // judged as if the text ended there. out.size() == tokens.size(), every id in 0..size()-1.
  // Cost: one pass over the bytes. For a text that grows, see DelimiterStream.
  void Classify(std::span<const int32_t> tokens, std::span<DelimiterClass> out) const;

  int64_t size() const { return static_cast<int64_t>(turn_.size()); }  // ids in the vocabulary
  std::string_view Bytes(int32_t id) const;  // decoded bytes; id in 0..size()-1
  bool IsTurn(int32_t id) const { return turn_[id] != 0; }

  // Feeds token `id`, number `token` of the text, to the scanner. id in 0..size()-1.
  void Scan(int32_t id, int64_t token, DelimiterScanner* scanner,
            std::span<DelimiterClass> classes) const;

 private:
  std::string bytes_;           // of all tokens, one after the other
  std::vector<size_t> begins_;  // [size + 1]: token id is bytes_[begins_[id], begins_[id + 1])
  std::vector<uint8_t> turn_;   // [size]
};

}  // namespace dynsplit
