// Texts for the tests of delimiter classes, written as the strings of their tokens.
#pragma once

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "split/delimiter_table.h"

namespace dynsplit {

// A vocabulary that holds just the tokens of one text: token i of the text has the id i. What looks
// like <|...|> is a turn token.
inline DelimiterTable TableOf(const std::vector<std::string>& tokens) {
  std::vector<uint8_t> turn;
  for (const std::string& token : tokens) {
    turn.push_back(token.starts_with("<|") && token.ends_with("|>"));
  }
  return DelimiterTable::Build(tokens, turn);
}

inline std::vector<int32_t> IdsOf(const std::vector<std::string>& tokens) {
  std::vector<int32_t> ids(tokens.size());
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

inline std::vector<DelimiterClass> ClassesOf(const std::vector<std::string>& tokens) {
  std::vector<DelimiterClass> classes(tokens.size());
  TableOf(tokens).Classify(IdsOf(tokens), classes);
  return classes;
}

}  // namespace dynsplit
