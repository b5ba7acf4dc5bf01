// Code points sorted by the part they play at a boundary.
#pragma once

#include <cstdint>

namespace dynsplit {

enum class CharKind : uint8_t {
  kEdge,       // start or end of the text, or a turn token
  kSpace,      // white space but newlines
  kNewline,    // line feed, line and paragraph separator
  kDigit,      // 0 to 9
  kLetter,     // a-z A-Z _
  kStop,       // . ? ! and the ellipsis: end a sentence where white space or the like follows
  kWideStop,   // full stops that need no space behind: CJK, Devanagari, Arabic, ...
  kComma,      // ,
  kWideComma,  // its wide and Arabic forms
  kColon,      // :
  kClause,     // ; and the wide and Arabic forms of ; and :
  kOpen,       // opening brackets and quotes
  kClose,      // closing brackets and quotes
  kQuote,      // " ' ` and the curly apostrophe: opening, closing or inside a word
  kMark,       // < * \ and dashes: may follow a sentence's end, as in markup
  kSign,       // the rest of ASCII: operators, control characters
  kOther,      // the rest, letters mostly
};

// Cost: a table look-up for ASCII, a binary search in about 70 entries for punctuation beyond it.
CharKind KindOf(char32_t code);

}  // namespace dynsplit
