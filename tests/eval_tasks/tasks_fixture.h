// What the tests of tasks share: a tokenizer of about one token per byte, options, counting.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "apps/eval/task.h"
#include "support/tiny_vocabulary.h"

namespace dynsplit::eval::testing {

inline const Tokenizer& ByteTokenizer() {
  static const auto tokenizer = *Tokenizer::Create(dynsplit::testing::TinyBpe());
  return *tokenizer;
}

inline int64_t CountTokens(std::string_view text) {
  return static_cast<int64_t>(ByteTokenizer().Encode(text, {.add_special = false})->size());
}

inline TaskOptions Options(int64_t context_tokens, uint64_t seed = 1) {
  TaskOptions options;
  options.context_tokens = context_tokens;
  options.seed = seed;
  return options;
}

inline TaskOptions DataOptions(const std::string& data, int64_t context_tokens = 4096) {
  TaskOptions options = Options(context_tokens);
  options.data = data;
  return options;
}

inline int CountOf(std::string_view text, std::string_view part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace dynsplit::eval::testing
