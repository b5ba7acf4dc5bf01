// Long texts as lists of paragraphs, to make documents of a wanted length from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/status.h"
#include "dynsplit/tokenizer.h"

namespace dynsplit {

// A blank line: what stands between paragraphs, and after the last.
inline constexpr std::string_view kParagraphGap = "\n\n";

// What blank lines part, without empty ones. Indentation stays: code is split the same way.
std::vector<std::string> SplitParagraphs(std::string_view text);

// A paragraph to put before paragraph `before`, or after the last of n where before = n.
struct Insertion {
  size_t before = 0;
  std::string text;
};

// All of them, each followed by a blank line. `insertions` in the order in which they stand.
std::string JoinParagraphs(const std::vector<std::string>& paragraphs,
                           const std::vector<Insertion>& insertions = {});

// Without special tokens. Errors of Tokenizer::Encode.
Result<int64_t> CountTokens(std::string_view text, const Tokenizer& tokenizer);

// What the paragraph and its blank line add to a text that goes on with a word after them: one
// token more than alone in vocabularies that cut "\n\nword" into "\n", "\n" and "word".
Result<int64_t> CountParagraphTokens(const std::string& paragraph, const Tokenizer& tokenizer);

}  // namespace dynsplit
