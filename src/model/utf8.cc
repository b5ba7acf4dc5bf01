#include "model/utf8.h"

#include <algorithm>

namespace dynsplit {
namespace {

uint8_t ByteAt(std::string_view text, size_t i) { return static_cast<uint8_t>(text[i]); }

bool IsContinuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

// Bytes of a character by its first byte, 0 where none starts so.
int StrictLength(uint8_t first) {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;  // continuation bytes; overlong C0, C1
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  return first < 0xF5 ? 4 : 0;
}

// C0, DEL and C1, of a well-formed character.
bool IsControl(std::string_view character) {
  const uint8_t first = ByteAt(character, 0);
  return first < 0x20 || first == 0x7F || (first == 0xC2 && ByteAt(character, 1) < 0xA0);
}

// What stands for a surrogate where text must be well formed: a private character, as little a
// letter, sign or space as a surrogate is.
constexpr std::string_view kNoCharacter = "\xEE\x80\x80";  // U+E000

// The second byte decides whether a form is overlong, a surrogate or above U+10FFFF.
bool IsSecondByte(uint8_t first, uint8_t second) {
  switch (first) {
    case 0xE0:
      return second >= 0xA0 && second <= 0xBF;
    case 0xED:
      return second >= 0x80 && second <= 0x9F;
    case 0xF0:
      return second >= 0x90 && second <= 0xBF;
    case 0xF4:
      return second >= 0x80 && second <= 0x8F;
    default:
      return IsContinuation(second);
  }
}

struct LenientChar {
  uint32_t code_point = 0;
  size_t length = 0;  // 0: ill-formed
};

LenientChar DecodeLeniently(std::string_view text) {
  const uint8_t first = ByteAt(text, 0);
  if (first < 0x80) return {first, 1};
  const size_t length = first < 0xC0   ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF8 ? 4
                                       : 0;
  if (length == 0 || length > text.size()) return {};
  uint32_t code_point = first & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(ByteAt(text, i))) return {};
    code_point = (code_point << 6) | (ByteAt(text, i) & 0x3Fu);
  }
  if (code_point > 0x10FFFF) return {};
  return {code_point, length};
}

}  // namespace

Utf8Prefix FirstUtf8(std::string_view text) {
  const uint8_t first = ByteAt(text, 0);
  const int length = StrictLength(first);
  if (length == 0) return {Utf8Kind::kInvalid, 1};
  const int available =
      static_cast<int>(std::min<size_t>(text.size(), static_cast<size_t>(length)));
  for (int i = 1; i < available; ++i) {
    const uint8_t byte = ByteAt(text, i);
    if (!(i == 1 ? IsSecondByte(first, byte) : IsContinuation(byte)))
      return {Utf8Kind::kInvalid, i};
  }
  return {available == length ? Utf8Kind::kValid : Utf8Kind::kIncomplete, available};
}

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Prefix prefix = FirstUtf8(text);
    if (prefix.kind != Utf8Kind::kValid) return false;
    text.remove_prefix(prefix.length);
  }
  return true;
}

std::string Printable(std::string_view text, size_t most_characters) {
  std::string shown;
  for (size_t count = 0; !text.empty(); ++count) {
    if (count == most_characters) return shown + "...";
    const Utf8Prefix first = FirstUtf8(text);
    const std::string_view character = text.substr(0, static_cast<size_t>(first.length));
    const bool good = first.kind == Utf8Kind::kValid && !IsControl(character);
    shown += good ? character : kReplacementCharacter;
    text.remove_prefix(character.size());
  }
  return shown;
}

std::string Quoted(std::string_view text) { return "'" + Printable(text, 64) + "'"; }

void AppendUtf8(uint32_t code_point, std::string* out) {
  const auto put = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
  } else {
    if (code_point < 0x10000) {
      put(0xE0 | (code_point >> 12));
    } else {
      put(0xF0 | (code_point >> 18));
      put(0x80 | ((code_point >> 12) & 0x3F));
    }
    put(0x80 | ((code_point >> 6) & 0x3F));
  }
  put(0x80 | (code_point & 0x3F));
}

size_t LengthByLead(char first) {
  const auto byte = static_cast<uint8_t>(first);
  return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

size_t LenientLength(std::string_view text) { return DecodeLeniently(text).length; }

LenientText ReadLeniently(std::string_view text) {
  LenientText read;
  read.bytes.reserve(text.size());
  read.well_formed.reserve(text.size());
  while (!text.empty()) {
    const LenientChar c = DecodeLeniently(text);
    const size_t start = read.bytes.size();
    if (c.length == 0) {
      read.bytes.append(kReplacementCharacter);
    } else {
      AppendUtf8(c.code_point, &read.bytes);
    }
    const bool is_surrogate = c.code_point >= 0xD800 && c.code_point <= 0xDFFF;
    if (is_surrogate) {
      read.well_formed.append(kNoCharacter);
    } else {
      read.well_formed.append(read.bytes, start);
    }
    text.remove_prefix(c.length == 0 ? 1 : c.length);
  }
  return read;
}

}  // namespace dynsplit
