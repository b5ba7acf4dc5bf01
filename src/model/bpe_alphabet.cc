#include "model/bpe_alphabet.h"

#include <array>
#include <unordered_map>

#include "model/utf8.h"

namespace dynsplit {
namespace {

struct Alphabet {
  std::array<std::string, 256> symbols;
  std::unordered_map<std::string_view, char> bytes;  // refers to symbols

  Alphabet() {
    uint32_t next = 0x100;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const bool is_printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
      AppendUtf8(is_printable ? byte : next++, &symbols[byte]);
    }
    for (uint32_t byte = 0; byte < 256; ++byte) bytes[symbols[byte]] = static_cast<char>(byte);
  }
};

const Alphabet& GetAlphabet() {
  static const Alphabet alphabet;
  return alphabet;
}

}  // namespace

std::string_view ByteSymbol(uint8_t byte) { return GetAlphabet().symbols[byte]; }

std::string EncodeByteSymbols(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) text += ByteSymbol(static_cast<uint8_t>(byte));
  return text;
}

std::string DecodeByteSymbols(std::string_view text) {
  const Alphabet& alphabet = GetAlphabet();
  std::string bytes;
  while (!text.empty()) {
    const std::string_view character = text.substr(0, FirstUtf8(text).length);
    const auto it = alphabet.bytes.find(character);
    if (it != alphabet.bytes.end()) {
      bytes += it->second;
    } else {
      bytes += character;
    }
    text.remove_prefix(character.size());
  }
  return bytes;
}

}  // namespace dynsplit
