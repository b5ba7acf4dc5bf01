// A long text with facts hidden in it, to ask for: what the demo and the tests read ("needle in a
// haystack", Kamradt 2023; numbers as in RULER, Hsieh et al. 2024).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/status.h"
#include "dynsplit/tokenizer.h"

namespace dynsplit {

struct HiddenFact {
  std::string cue;     // "The special magic number for Oslo is:"
  std::string answer;  // "48213"

  std::string Sentence() const { return cue + " " + answer + "."; }
  // "What is the special magic number for Oslo?", for a chat model.
  std::string question;
};

struct Haystack {
  std::string text;
  int64_t num_tokens = 0;         // of the text, without special tokens
  std::vector<HiddenFact> facts;  // in the order in which they stand in the text
  std::vector<double> depths;     // where: 0 is the beginning, 1 the end
};

// Different cities, each with its own five-digit number. count is at most 16.
std::vector<HiddenFact> MagicNumbers(int count, uint64_t seed);

// Eight facts of a small story, each of its own kind, which even a very small model can find in
// thousands of tokens.
std::vector<HiddenFact> StoryFacts();

// Whole paragraphs (they end with a blank line) of `prose` from its beginning, about
// `num_tokens` in all, with the facts as paragraphs of their own at even distances.
// InvalidArgument, with both lengths, where the prose is too short.
Result<Haystack> HideFacts(std::string_view prose, std::vector<HiddenFact> facts,
                           int64_t num_tokens, const Tokenizer& tokenizer);

// Whether `text` gives the answer as a word of its own ("48213" is not in "482130").
bool GivesAnswer(std::string_view text, const HiddenFact& fact);

}  // namespace dynsplit
