// What is white space, punctuation and lower case among ASCII characters, in any locale.
#pragma once

#include <string>
#include <string_view>

namespace dynsplit::eval {

constexpr std::string_view kAsciiSpace = " \t\n\v\f\r";

constexpr bool IsAsciiPunctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

constexpr char AsciiLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string AsciiLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = AsciiLower(c);
  return lower;
}

}  // namespace dynsplit::eval
