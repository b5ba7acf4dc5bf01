#include "model/charsmap.h"

#include <cstring>
#include <string>

namespace dynsplit {
namespace {

// The fields of a unit of the double array.
bool HasLeaf(uint32_t unit) { return (unit >> 8 & 1) != 0; }
uint32_t Label(uint32_t unit) { return unit & (1u << 31 | 0xFF); }  // of leaves: no byte
uint32_t Offset(uint32_t unit) { return unit >> 10 << ((unit & 1u << 9) >> 6); }
uint32_t Value(uint32_t unit) { return unit & ((1u << 31) - 1); }  // of a leaf

Status Bad(const std::string& what) { return Corruption("precompiled_charsmap: " + what); }

}  // namespace

Result<Charsmap> Charsmap::Create(const std::vector<uint8_t>& bytes) {
  Charsmap map;
  if (bytes.empty()) return map;
  uint32_t units_bytes = 0;
  if (bytes.size() < sizeof(units_bytes)) return Bad("shorter than its own length");
  std::memcpy(&units_bytes, bytes.data(), sizeof(units_bytes));
  const size_t left = bytes.size() - sizeof(units_bytes);
  if (units_bytes == 0 || units_bytes % sizeof(uint32_t) != 0 || units_bytes >= left) {
    return Bad("an array of " + std::to_string(units_bytes) +
               " bytes, wanted a multiple of 4 below " + std::to_string(left));
  }
  if (bytes.back() != 0) return Bad("the last replacement has no end");
  const uint8_t* units = bytes.data() + sizeof(units_bytes);
  map.units_.resize(units_bytes / sizeof(uint32_t));
  std::memcpy(map.units_.data(), units, units_bytes);
  map.replacements_.assign(units + units_bytes, bytes.data() + bytes.size());
  return map;
}

Result<Charsmap::Match> Charsmap::LongestPrefix(std::string_view text) const {
  Match match;
  if (units_.empty()) return match;
  const auto outside = [](const char* what, size_t at) {
    return Bad(std::string(what) + " " + std::to_string(at) + " is outside");
  };
  size_t node = Offset(units_[0]);
  for (size_t i = 0; i < text.size() && text[i] != 0; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    node ^= byte;
    if (node >= units_.size()) return outside("unit", node);
    const uint32_t unit = units_[node];
    if (Label(unit) != byte) break;
    node ^= Offset(unit);
    if (!HasLeaf(unit)) continue;
    if (node >= units_.size()) return outside("unit", node);
    const uint32_t begin = Value(units_[node]);
    if (begin >= replacements_.size()) return outside("replacement", begin);
    match = {i + 1, std::string_view(replacements_.data() + begin)};
  }
  return match;
}

}  // namespace dynsplit
