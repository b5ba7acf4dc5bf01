// The strings of tests/golden/tokens/strings.txt, and what ids libllama gives for them.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/tokenizer.h"

namespace dynsplit::testing {

inline std::string GoldenPath(const std::string& name) {
  return std::string(DYNSPLIT_SOURCE_DIR) + "/tests/golden/" + name;
}

inline std::vector<std::string> ReadGoldenLines(const std::string& name) {
  std::ifstream file(GoldenPath(name));
  EXPECT_TRUE(file) << name;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// A backslash and two hex digits stand for a byte.
inline std::string Unescape(std::string_view escaped) {
  std::string text;
  for (size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] == '\\') {
      text += static_cast<char>(std::stoi(std::string(escaped.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      text += escaped[i];
    }
  }
  return text;
}

struct GoldenString {
  EncodeOptions options;
  std::string text;
};

// A line of strings.txt, whose form tests/golden/make_tokens.py tells.
inline GoldenString ParseGoldenString(std::string_view line) {
  const int flags = line[0] - '0';
  return {{.add_special = (flags & 1) != 0,
           .add_end = (flags & 1) != 0,
           .parse_special = (flags & 2) != 0},
          Unescape(line.substr(2))};
}

// Compares the ids of each string with its line of `want`.
inline void ExpectGoldenIds(const Tokenizer& tokenizer, const std::vector<std::string>& strings,
                            const std::vector<std::string>& want) {
  constexpr int kMostReported = 10;
  ASSERT_EQ(strings.size(), want.size());
  int wrong = 0;
  for (size_t i = 0; i < strings.size() && wrong < kMostReported; ++i) {
    const GoldenString golden = ParseGoldenString(strings[i]);
    const Result<std::vector<int32_t>> ids = tokenizer.Encode(golden.text, golden.options);
    ASSERT_TRUE(ids.ok()) << ids.status().ToString();
    std::string got;
    for (const int32_t id : *ids) got += (got.empty() ? "" : " ") + std::to_string(id);
    if (got == want[i]) continue;
    ++wrong;
    ADD_FAILURE() << "string " << i + 1 << ": " << strings[i] << "\n got " << got << "\nwant "
                  << want[i];
  }
}

}  // namespace dynsplit::testing
