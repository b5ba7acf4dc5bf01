#include "split/char_kind.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace dynsplit {
namespace {

using enum CharKind;

constexpr std::array<CharKind, 128> MakeAsciiKinds() {
  std::array<CharKind, 128> kinds{};
  kinds.fill(kSign);
  const auto set = [&kinds](std::string_view chars, CharKind kind) {
    for (const char c : chars) kinds[static_cast<size_t>(c)] = kind;
  };
  for (char c = 'a'; c <= 'z'; ++c) kinds[static_cast<size_t>(c)] = kLetter;
  for (char c = 'A'; c <= 'Z'; ++c) kinds[static_cast<size_t>(c)] = kLetter;
  set("_", kLetter);
  set("0123456789", kDigit);
  set(" \t\r\v\f", kSpace);
  set("\n", kNewline);
  set(".?!", kStop);
  set(",", kComma);
  set(":", kColon);
  set(";", kClause);
  set("([{", kOpen);
  set(")]}", kClose);
  set("\"'`", kQuote);
  set("<*\\", kMark);
  return kinds;
}

struct Entry {
  char32_t first;
  char32_t last;
  CharKind kind;
};

// Sorted by code point.
constexpr Entry kBeyondAscii[] = {
    {0x00A0, 0x00A0, kSpace},      // no-break space
    {0x00AB, 0x00AB, kOpen},       // <<
    {0x00BB, 0x00BB, kClose},      // >>
    {0x037E, 0x037E, kStop},       // Greek question mark
    {0x060C, 0x060C, kWideComma},  // Arabic comma
    {0x061B, 0x061B, kClause},     // Arabic semicolon
    {0x061F, 0x061F, kWideStop},   // Arabic question mark
    {0x06D4, 0x06D4, kWideStop},   // Urdu full stop
    {0x0964, 0x0965, kWideStop},   // danda, double danda
    {0x1362, 0x1362, kWideStop},   // Ethiopic full stop
    {0x1680, 0x1680, kSpace},      // Ogham space
    {0x2000, 0x200A, kSpace},      // en quad to hair space
    {0x2010, 0x2015, kMark},       // dashes
    {0x2018, 0x2018, kOpen},       // single curly quotes: 6
    {0x2019, 0x2019, kQuote},      // 9, also the apostrophe
    {0x201A, 0x201A, kOpen},       // low 9
    {0x201C, 0x201C, kOpen},       // double curly quotes
    {0x201D, 0x201D, kClose},      //
    {0x201E, 0x201E, kOpen},       //
    {0x2026, 0x2026, kStop},       // ellipsis
    {0x2028, 0x2029, kNewline},    // line and paragraph separator
    {0x202F, 0x202F, kSpace},      // narrow no-break space
    {0x2039, 0x2039, kOpen},       // <
    {0x203A, 0x203A, kClose},      // >
    {0x203C, 0x203C, kWideStop},   // !!
    {0x2047, 0x2049, kWideStop},   // ?? ?! !?
    {0x205F, 0x205F, kSpace},      // mathematical space
    {0x3000, 0x3000, kSpace},      // ideographic space
    {0x3001, 0x3001, kWideComma},  // ideographic comma
    {0x3002, 0x3002, kWideStop},   // ideographic full stop
    {0x3008, 0x3008, kOpen},       // CJK brackets and quotes come in pairs
    {0x3009, 0x3009, kClose},      //
    {0x300A, 0x300A, kOpen},       //
    {0x300B, 0x300B, kClose},      //
    {0x300C, 0x300C, kOpen},       //
    {0x300D, 0x300D, kClose},      //
    {0x300E, 0x300E, kOpen},       //
    {0x300F, 0x300F, kClose},      //
    {0x3010, 0x3010, kOpen},       //
    {0x3011, 0x3011, kClose},      //
    {0x3014, 0x3014, kOpen},       //
    {0x3015, 0x3015, kClose},      //
    {0x3016, 0x3016, kOpen},       //
    {0x3017, 0x3017, kClose},      //
    {0x3018, 0x3018, kOpen},       //
    {0x3019, 0x3019, kClose},      //
    {0x301A, 0x301A, kOpen},       //
    {0x301B, 0x301B, kClose},      //
    {0x301D, 0x301D, kOpen},       //
    {0x301E, 0x301F, kClose},      //
    {0xFE50, 0xFE51, kWideComma},  // small forms
    {0xFE52, 0xFE52, kWideStop},   //
    {0xFE54, 0xFE55, kClause},     //
    {0xFE56, 0xFE57, kWideStop},   //
    {0xFF01, 0xFF01, kWideStop},   // full-width !
    {0xFF08, 0xFF08, kOpen},       // (
    {0xFF09, 0xFF09, kClose},      // )
    {0xFF0C, 0xFF0C, kWideComma},  // ,
    {0xFF0E, 0xFF0E, kStop},       // . also in numbers
    {0xFF10, 0xFF19, kDigit},      // 0 to 9
    {0xFF1A, 0xFF1B, kClause},     // : ;
    {0xFF1F, 0xFF1F, kWideStop},   // ?
    {0xFF3B, 0xFF3B, kOpen},       // [
    {0xFF3D, 0xFF3D, kClose},      // ]
    {0xFF5B, 0xFF5B, kOpen},       // {
    {0xFF5D, 0xFF5D, kClose},      // }
    {0xFF61, 0xFF61, kWideStop},   // half-width ideographic full stop
    {0xFF62, 0xFF62, kOpen},       // half-width corner brackets
    {0xFF63, 0xFF63, kClose},      //
    {0xFF64, 0xFF64, kWideComma},  // half-width ideographic comma
};

}  // namespace

CharKind KindOf(char32_t code) {
  static constexpr std::array<CharKind, 128> kAscii = MakeAsciiKinds();
  if (code < kAscii.size()) return kAscii[code];
  // Han, kana and Hangul: nothing of the table lies there.
  if (code > 0x301F && code < 0xFE50) return kOther;
  const Entry* entry = std::lower_bound(std::begin(kBeyondAscii), std::end(kBeyondAscii), code,
                                        [](const Entry& e, char32_t c) { return e.last < c; });
  const bool found = entry != std::end(kBeyondAscii) && entry->first <= code;
  return found ? entry->kind : kOther;
}

}  // namespace dynsplit
