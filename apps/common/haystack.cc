#include "apps/common/haystack.h"

#include <array>
#include <cctype>
#include <set>
#include <utility>

#include "apps/common/paragraphs.h"
#include "base/check.h"
#include "base/rng.h"

namespace dynsplit {
namespace {

constexpr std::array kCities = {"Oslo",    "Lima",   "Cairo",  "Quito", "Dublin", "Havana",
                                "Nairobi", "Lisbon", "Athens", "Tokyo", "Warsaw", "Bogota",
                                "Geneva",  "Manila", "Sydney", "Prague"};

// The first paragraphs of `all` that have `num_tokens` in all or up to one paragraph more.
Result<std::vector<std::string>> Beginning(std::vector<std::string> all, int64_t num_tokens,
                                           const Tokenizer& tokenizer) {
  int64_t have = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    if (have >= num_tokens) {
      all.resize(i);
      return all;
    }
    const auto count = CountTokens(all[i] + std::string(kParagraphGap), tokenizer);
    if (!count.ok()) return count.status();
    have += *count;
  }
  if (have >= num_tokens) return all;
  return InvalidArgument("the prose has " + std::to_string(have) + " tokens, wanted " +
                         std::to_string(num_tokens));
}

bool IsWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::vector<HiddenFact> MagicNumbers(int count, uint64_t seed) {
  DYNSPLIT_CHECK(count >= 0 && static_cast<size_t>(count) <= kCities.size());
  Rng rng(seed);
  std::set<uint64_t> numbers;
  std::vector<HiddenFact> facts;
  for (int i = 0; i < count; ++i) {
    const std::string city = kCities[static_cast<size_t>(i)];
    uint64_t number = 0;
    do number = 10000 + rng.Below(90000);
    while (!numbers.insert(number).second);
    facts.push_back({.cue = "The special magic number for " + city + " is:",
                     .answer = std::to_string(number),
                     .question = "What is the special magic number for " + city + "?"});
  }
  return facts;
}

std::vector<HiddenFact> StoryFacts() {
  return {
      {"The captain of the ship Aurora is", "Henrik Dahl", "Who is captain of the ship Aurora?"},
      {"The secret password of the library is", "marmalade",
       "What is the secret password of the library?"},
      {"The treasure of Captain Brook is buried under", "the old lighthouse",
       "Where is the treasure of Captain Brook buried?"},
      {"The name of the blue parrot is", "Zanzibar", "What is the name of the blue parrot?"},
      {"The train to Quito leaves at", "quarter past seven", "When does the train to Quito leave?"},
      {"The key of the tower hangs behind", "the copper kettle",
       "Where does the key of the tower hang?"},
      {"The recipe of Aunt Greta needs", "forty walnuts", "What does Aunt Greta's recipe need?"},
      {"The winner of the chess tournament in Lima was", "Clara Novak",
       "Who won the chess tournament in Lima?"},
  };
}

Result<Haystack> HideFacts(std::string_view prose, std::vector<HiddenFact> facts,
                           int64_t num_tokens, const Tokenizer& tokenizer) {
  const auto paragraphs = Beginning(SplitParagraphs(prose), num_tokens, tokenizer);
  if (!paragraphs.ok()) return paragraphs.status();
  Haystack hay;
  hay.facts = std::move(facts);
  const size_t num_facts = hay.facts.size();
  std::vector<Insertion> insertions;
  for (size_t j = 0; j < num_facts; ++j) {
    // Before the first paragraph i with i / size >= (j + 1/2) / num_facts.
    const size_t before = ((2 * j + 1) * paragraphs->size() + 2 * num_facts - 1) / (2 * num_facts);
    insertions.push_back({before, hay.facts[j].Sentence()});
    hay.depths.push_back(static_cast<double>(before) / static_cast<double>(paragraphs->size()));
  }
  hay.text = JoinParagraphs(*paragraphs, insertions);
  const auto count = CountTokens(hay.text, tokenizer);
  if (!count.ok()) return count.status();
  hay.num_tokens = *count;
  return hay;
}

bool GivesAnswer(std::string_view text, const HiddenFact& fact) {
  for (size_t at = text.find(fact.answer); at != std::string_view::npos;
       at = text.find(fact.answer, at + 1)) {
    const size_t end = at + fact.answer.size();
    const bool starts = at == 0 || !IsWordByte(text[at - 1]);
    const bool ends = end == text.size() || !IsWordByte(text[end]);
    if (starts && ends) return true;
  }
  return false;
}

}  // namespace dynsplit
