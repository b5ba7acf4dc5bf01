// UTF-8, strictly (what may be printed) and leniently (what libllama makes of any bytes).
// All functions: any thread, no errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dynsplit {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

enum class Utf8Kind {
  kValid,
  kIncomplete,  // a prefix of a character, cut off by the end of the text
  kInvalid,
};

struct Utf8Prefix {
  Utf8Kind kind;
  int length;  // bytes: of the character, of what there is of it, or of the ill-formed part
};

// What `text` (not empty) starts with, by table 3-7 of the Unicode standard. An ill-formed part is
// a maximal one: the longest start of a character, or a single byte.
Utf8Prefix FirstUtf8(std::string_view text);

bool IsValidUtf8(std::string_view text);

// The text as one line on a terminal, which it cannot command: each control character and each
// ill-formed part is U+FFFD. Of a longer text the first `most_characters`, and "...".
std::string Printable(std::string_view text, size_t most_characters = std::string_view::npos);

// What a file says, in a message: at most 64 characters, printable, in quotes.
std::string Quoted(std::string_view text);

// The UTF-8 form of any number up to 0x10FFFF; a surrogate gives the three bytes of the same
// pattern (as in WTF-8).
void AppendUtf8(uint32_t code_point, std::string* out);

// Bytes of a character by its first byte alone, as libllama counts them (unicode_len_utf8): a stray
// continuation byte is a character of its own, F8 to FF count as 4.
size_t LengthByLead(char first);

struct LenientText {
  // The text, repaired: an ill-formed byte as U+FFFD, overlong forms in their shortest form,
  // surrogates (three bytes) kept.
  std::string bytes;
  // The same with surrogates as U+E000 (also three bytes): well formed, for the regular
  // expressions. Offsets agree with those in `bytes`.
  std::string well_formed;
};

// Reads any bytes as libllama does (src/unicode.cpp, unicode_cpts_from_utf8): the leading byte
// gives the length, continuation bytes are only checked to be such. Code points above 0x10FFFF,
// on which libllama throws, are read as ill-formed bytes here.
LenientText ReadLeniently(std::string_view text);

// Bytes of what ReadLeniently reads as the first character of `text` (not empty); 0: ill-formed.
size_t LenientLength(std::string_view text);

}  // namespace dynsplit
