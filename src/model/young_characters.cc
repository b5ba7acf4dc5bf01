#include "model/young_characters.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "model/utf8.h"

namespace dynsplit {
namespace {

// One of each class, of three and of four bytes. The lists of characters in the expressions of
// DeepSeek's vocabularies hold a stand-in of three bytes where they hold what it stands for, and
// none of four bytes.
constexpr char32_t kMark3 = 0xE31;
constexpr char32_t kSign3 = 0x2FF0;
constexpr char32_t kFormat3 = 0x200B;
constexpr char32_t kLetter = 0x20000;
constexpr char32_t kNumber = 0x1D7CE;
constexpr char32_t kPunctuation = 0x10100;
constexpr char32_t kMark = 0x1D165;
constexpr char32_t kSign = 0x1F600;

struct Range {
  char32_t first;
  char32_t last;
  char32_t stand_in;
};

// What Unicode 15 and 15.1 added, in order.
constexpr Range kRanges[] = {
    {0xCF3, 0xCF3, kMark3},
    {0xECE, 0xECE, kMark3},
    // Not young: the Mongolian vowel separator is a format character, and no white space to
    // Unicode. PCRE2's \s holds it.
    {0x180E, 0x180E, kFormat3},
    {0x2FFC, 0x2FFF, kSign3},
    {0x31EF, 0x31EF, kSign3},
    {0x10EFD, 0x10EFF, kMark},
    {0x1123F, 0x11240, kLetter},
    {0x11241, 0x11241, kMark},
    {0x11B00, 0x11B09, kPunctuation},
    {0x11F00, 0x11F01, kMark},
    {0x11F02, 0x11F02, kLetter},
    {0x11F03, 0x11F03, kMark},
    {0x11F04, 0x11F10, kLetter},
    {0x11F12, 0x11F33, kLetter},
    {0x11F34, 0x11F3A, kMark},
    {0x11F3E, 0x11F42, kMark},
    {0x11F43, 0x11F4F, kPunctuation},
    {0x11F50, 0x11F59, kNumber},
    {0x1342F, 0x1342F, kLetter},
    {0x13440, 0x13440, kMark},
    {0x13441, 0x13446, kLetter},
    {0x13447, 0x13455, kMark},
    {0x1B132, 0x1B132, kLetter},
    {0x1B155, 0x1B155, kLetter},
    {0x1D2C0, 0x1D2D3, kNumber},
    {0x1DF25, 0x1DF2A, kLetter},
    {0x1E030, 0x1E06D, kLetter},
    {0x1E08F, 0x1E08F, kMark},
    {0x1E4D0, 0x1E4EB, kLetter},
    {0x1E4EC, 0x1E4EF, kMark},
    {0x1E4F0, 0x1E4F9, kNumber},
    {0x1F6DC, 0x1F6DC, kSign},
    {0x1F774, 0x1F776, kSign},
    {0x1F77B, 0x1F77F, kSign},
    {0x1F7D9, 0x1F7D9, kSign},
    {0x1FA75, 0x1FA77, kSign},
    {0x1FA87, 0x1FA88, kSign},
    {0x1FAAD, 0x1FAAF, kSign},
    {0x1FABB, 0x1FABD, kSign},
    {0x1FABF, 0x1FABF, kSign},
    {0x1FACE, 0x1FACF, kSign},
    {0x1FADA, 0x1FADB, kSign},
    {0x1FAE8, 0x1FAE8, kSign},
    {0x1FAF7, 0x1FAF8, kSign},
    {0x2B739, 0x2B739, kLetter},
    {0x2EBF0, 0x2EE5D, kLetter},
    {0x31350, 0x323AF, kLetter},
};

char32_t StandIn(char32_t code_point) {
  const Range* range = std::lower_bound(
      std::begin(kRanges), std::end(kRanges), code_point,
      [](const Range& candidate, char32_t wanted) { return candidate.last < wanted; });
  const bool is_young = range != std::end(kRanges) && code_point >= range->first;
  return is_young ? range->stand_in : code_point;
}

// Of a well-formed character of three or four bytes.
char32_t CodePoint(std::string_view character) {
  char32_t value = static_cast<uint8_t>(character[0]) & (character.size() == 3 ? 0x0F : 0x07);
  for (const char byte : character.substr(1)) {
    value = value << 6 | (static_cast<uint8_t>(byte) & 0x3F);
  }
  return value;
}

}  // namespace

std::string_view WithStandIns(std::string_view text, std::string* storage) {
  size_t copied = 0;  // bytes of `text` that are in *storage
  storage->clear();
  for (size_t at = 0; at < text.size();) {
    const auto lead = static_cast<uint8_t>(text[at]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (length >= 3) {
      const char32_t code_point = CodePoint(text.substr(at, length));
      const char32_t stand_in = StandIn(code_point);
      if (stand_in != code_point) {
        storage->append(text.substr(copied, at - copied));
        AppendUtf8(stand_in, storage);
        copied = at + length;
      }
    }
    at += length;
  }
  if (copied == 0) return text;
  storage->append(text.substr(copied));
  return *storage;
}

}  // namespace dynsplit
