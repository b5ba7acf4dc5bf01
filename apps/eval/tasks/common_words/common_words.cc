#include "apps/eval/tasks/common_words/common_words.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "apps/eval/tasks/documents.h"
#include "apps/eval/tasks/words.h"

namespace dynsplit::eval {
namespace {

constexpr size_t kNumCommon = 10;
constexpr int64_t kLongContext = 4096;  // RULER's border between few and many repeats
constexpr int kMaxTokens = 120;         // RULER's

// How often words stand in a list.
struct Repeats {
  size_t common = 0;
  size_t uncommon = 0;
};

// RULER's: 30 and 3, in short contexts 6 and 1. Where the other words do not suffice for that many
// items, both grow, so that a common word stays ten times as frequent.
Repeats RepeatsFor(int64_t context_tokens, size_t num_items, size_t num_words) {
  Repeats repeats = context_tokens < kLongContext ? Repeats{6, 1} : Repeats{30, 3};
  const size_t ratio = repeats.common / repeats.uncommon;
  const size_t items_per_repeat = kNumCommon * ratio + (num_words - kNumCommon);
  repeats.uncommon =
      std::max(repeats.uncommon, (num_items + items_per_repeat - 1) / items_per_repeat);
  repeats.common = ratio * repeats.uncommon;
  return repeats;
}

// "1. amber 2. falcon ...", `num_items` of them or more where those are the common words alone. The
// first words of `words` are the common ones.
std::string NumberedList(const std::vector<std::string_view>& words, size_t num_items,
                         const Repeats& repeats, Rng rng) {
  std::vector<std::string_view> items;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool common = i < kNumCommon;
    if (!common && items.size() >= num_items) break;
    items.insert(items.end(), common ? repeats.common : repeats.uncommon, words[i]);
  }
  Shuffle(&items, &rng);
  std::string list;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) list += ' ';
    list += std::to_string(i + 1) + ". " + std::string(items[i]);
  }
  return list;
}

std::vector<std::string_view> ShuffledWords(Rng* rng) {
  std::vector<std::string_view> words(Nouns().begin(), Nouns().end());
  words.insert(words.end(), Adjectives().begin(), Adjectives().end());
  Shuffle(&words, rng);
  return words;
}

constexpr std::string_view kRequest =
    "Below is a numbered list of words. In these words, some appear more often than others. "
    "Memorize the ones that appear most often.";
constexpr std::string_view kQuestion = "What are the 10 most common words in the above list?";
constexpr std::string_view kAnswerPrefix =
    "The top 10 words that appear most often in the list are:";

// RULER's prompt has one example: 20 words, of which 10 stand there three times.
std::string Instructions(const std::vector<std::string_view>& words, Rng* rng) {
  std::string text =
      std::string(kRequest) + "\n\n" + NumberedList(words, 40, {3, 1}, Rng(rng->Next())) +
      "\n\nQuestion: " + std::string(kQuestion) + "\nAnswer: " + std::string(kAnswerPrefix);
  for (size_t i = 0; i < kNumCommon; ++i) {
    text += " " + std::to_string(i + 1) + ". " + std::string(words[i]);
  }
  return text + "\n\n" + std::string(kRequest);
}

Result<Document> MakeList(const TaskOptions& options, int number, const Tokenizer& tokenizer) {
  Rng rng = DocumentRng("common-words", options.seed, number);
  const auto example = ShuffledWords(&rng);
  Document document = NewDocument("words", options.seed, number);
  document.instructions = Instructions(example, &rng);
  const auto words = ShuffledWords(&rng);
  const Rng order(rng.Next());
  const auto make = [&](int64_t num_parts) {
    const auto num_items = static_cast<size_t>(num_parts);
    return NumberedList(words, num_items,
                        RepeatsFor(options.context_tokens, num_items, words.size()), order);
  };
  auto text = FillWithParts(make, options, tokenizer);
  if (!text.ok()) return text.status();
  document.text = std::move(*text);
  document.questions.push_back(NewQuestion(0, std::string(kQuestion), std::string(kAnswerPrefix),
                                           {words.begin(), words.begin() + kNumCommon},
                                           kMaxTokens));
  return document;
}

}  // namespace

Result<std::vector<Document>> MakeCommonWords(const TaskOptions& options,
                                              const Tokenizer& tokenizer) {
  const auto num_documents = NumDocuments(options, /*questions_per_document=*/1);
  if (!num_documents.ok()) return num_documents.status();
  std::vector<Document> documents;
  for (int d = 0; d < *num_documents; ++d) {
    auto document = MakeList(options, d, tokenizer);
    if (!document.ok()) return document.status();
    documents.push_back(std::move(*document));
  }
  return documents;
}

}  // namespace dynsplit::eval
