// Code points sorted by the part they play at a boundary.
#pragma once

#include <cstdint>

namespace dynsplit {

enum class CharKind : uint8_t {
  kEdge,        // start or end of the text, or a turn token
  kSpace,       // white space but newline
  kNewline,     // line feed
  kDigit,       // 0 to 9
  kLetter,      // a-z A-Z _
  kStop,        // . ? ! and the ellipsis: a sentence's end where white space may follow
  kWideStop,    // full stops of scripts that need no space behind: CJK, Devanagari, Arabic...
  kComma,       // ,
  kWideComma,   // the same for those scripts
  kColon,       // :
  kClause,      // ; and wide forms of ; and :
  kOpen,        // opening brackets and quotes
  kClose,       // closing brackets and quotes
  kQuote,       // " ' ` and the curly apostrophe: opening, closing or inside a word
  kMark,        // < * : may follow a sentence's end in marked-up text
  kOtherAscii,  // operators and the like
  kOther,       // beyond ASCII
};

// Cost: a table look-up for ASCII, a short search for the rest.
CharKind KindOf(char32_t code);

}  // namespace dynsplit
