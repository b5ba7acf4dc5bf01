// The alphabet of byte-level BPE: each byte is written as one printable character, so that a
// vocabulary can be a list of texts. Printable Latin-1 bytes stand for themselves, the other 68
// for U+0100 and up (GPT-2's encoder.py, bytes_to_unicode). All functions: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dynsplit {

// The UTF-8 text of the character that stands for a byte. Static storage.
std::string_view ByteSymbol(uint8_t byte);

// Each byte of `bytes` as its character.
std::string EncodeByteSymbols(std::string_view bytes);

// The bytes that `text` stands for. A character outside the alphabet stands for its own UTF-8
// bytes (added tokens are spelled so in some files).
std::string DecodeByteSymbols(std::string_view text);

}  // namespace dynsplit
