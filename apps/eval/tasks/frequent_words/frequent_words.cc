#include "apps/eval/tasks/frequent_words/frequent_words.h"

#include <algorithm>
#include <numbers>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "apps/eval/tasks/documents.h"

namespace dynsplit::eval {
namespace {

constexpr int kWordLength = 6;
constexpr int kMaxTokens = 50;  // RULER's
constexpr size_t kNumWanted = 3;
constexpr int64_t kMinContext = 512;  // below, the third and the fourth may be equally frequent
constexpr std::string_view kNoise = "...";  // in place of the most frequent word

// RULER takes one word for every 50 tokens.
size_t NumWords(int64_t context_tokens) {
  return static_cast<size_t>(std::max<int64_t>(8, context_tokens / 50));
}

std::vector<std::string> CodedWords(size_t count, Rng* rng) {
  std::set<std::string> seen;
  std::vector<std::string> words = {std::string(kNoise)};
  while (words.size() < count) {
    std::string word;
    for (int i = 0; i < kWordLength; ++i) word += static_cast<char>('a' + rng->Below(26));
    if (seen.insert(word).second) words.push_back(std::move(word));
  }
  return words;
}

// How often the word of rank k = 1, 2, ... stands among about num_parts words: the zeta
// distribution with exponent 2, whose normaliser is zeta(2) = pi^2 / 6.
size_t CountOfRank(size_t rank, int64_t num_parts) {
  const double share = 6 / (std::numbers::pi * std::numbers::pi);
  return static_cast<size_t>(static_cast<double>(num_parts) * share /
                             static_cast<double>(rank * rank));
}

std::string CodedText(const std::vector<std::string>& words, int64_t num_parts, Rng rng) {
  std::vector<std::string_view> items;
  for (size_t i = 0; i < words.size(); ++i) {
    items.insert(items.end(), CountOfRank(i + 1, num_parts), words[i]);
  }
  Shuffle(&items, &rng);
  std::string text;
  for (const std::string_view item : items) {
    if (!text.empty()) text += ' ';
    text += item;
  }
  return text;
}

Result<Document> MakeText(const TaskOptions& options, int number, const Tokenizer& tokenizer) {
  Rng rng = DocumentRng("frequent-words", options.seed, number);
  const auto words = CodedWords(NumWords(options.context_tokens), &rng);
  const Rng order(rng.Next());
  auto text = FillWithParts([&](int64_t num_parts) { return CodedText(words, num_parts, order); },
                            options, tokenizer);
  if (!text.ok()) return text.status();
  Document document = NewDocument("words", options.seed, number);
  document.instructions =
      "Read the following coded text and track the frequency of each coded word. Find the three "
      "most frequently appeared coded words.";
  document.text = std::move(*text);
  document.questions.push_back(NewQuestion(
      0,
      "Do not provide any explanation. Please ignore the dots '...'. What are the three most "
      "frequently appeared words in the above coded text?",
      "According to the coded text above, the three most frequently appeared words are:",
      {words.begin() + 1, words.begin() + 1 + kNumWanted}, kMaxTokens));
  return document;
}

}  // namespace

Result<std::vector<Document>> MakeFrequentWords(const TaskOptions& options,
                                                const Tokenizer& tokenizer) {
  const auto num_documents = NumDocuments(options, /*questions_per_document=*/1);
  if (!num_documents.ok()) return num_documents.status();
  if (options.context_tokens < kMinContext) {
    return InvalidArgument("frequent-words: a document has " +
                           std::to_string(options.context_tokens) + " tokens, wanted at least " +
                           std::to_string(kMinContext));
  }
  std::vector<Document> documents;
  for (int d = 0; d < *num_documents; ++d) {
    auto document = MakeText(options, d, tokenizer);
    if (!document.ok()) return document.status();
    documents.push_back(std::move(*document));
  }
  return documents;
}

}  // namespace dynsplit::eval
