#include "apps/eval/tasks/documents.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "apps/common/paragraphs.h"

namespace dynsplit::eval {
namespace {

constexpr int64_t kMaxContextTokens = int64_t{1} << 24;
constexpr int kMaxDocuments = 10'000;
constexpr int kMaxQuestionsPerDocument = 1000;

Status OutOfRange(std::string_view what, int64_t got, int64_t largest) {
  return InvalidArgument(std::string(what) + " is " + std::to_string(got) + ", wanted 1 to " +
                         std::to_string(largest));
}

}  // namespace

Result<int> NumDocuments(const TaskOptions& options, int questions_per_document) {
  constexpr int kMaxInt = std::numeric_limits<int>::max();
  if (options.context_tokens < 1 || options.context_tokens > kMaxContextTokens) {
    return OutOfRange("the length of a document", options.context_tokens, kMaxContextTokens);
  }
  if (options.num_questions < 1) {
    return OutOfRange("the number of questions", options.num_questions, kMaxInt);
  }
  if (questions_per_document < 1 || questions_per_document > kMaxQuestionsPerDocument) {
    return OutOfRange("the number of questions per document", questions_per_document,
                      kMaxQuestionsPerDocument);
  }
  const int num_documents = (options.num_questions - 1) / questions_per_document + 1;
  if (num_documents > kMaxDocuments) {
    return OutOfRange("the number of documents", num_documents, kMaxDocuments);
  }
  return num_documents;
}

int QuestionsPerDocument(const TaskOptions& options) {
  return std::min(options.questions_per_document, options.num_questions);
}

Document NewDocument(std::string_view kind, uint64_t seed, int number) {
  Document document;
  document.id = std::string(kind) + "-s" + std::to_string(seed) + "-d" + std::to_string(number);
  document.kind = kind;
  return document;
}

Question NewQuestion(int idx, std::string prompt, std::string answer_prefix,
                     std::vector<std::string> expected, int max_tokens) {
  Question question;
  question.id = "q" + std::to_string(idx);
  question.prompt = std::move(prompt);
  question.answer_prefix = std::move(answer_prefix);
  question.expected = std::move(expected);
  question.metric = Metric::kContainsAll;
  question.max_tokens = max_tokens;
  return question;
}

Result<std::string> FillWithParts(const std::function<std::string(int64_t num_parts)>& make,
                                  const TaskOptions& options, const Tokenizer& tokenizer) {
  constexpr int kMaxRounds = 8;
  const int64_t wanted = options.context_tokens;
  int64_t num_parts = std::max<int64_t>(1, wanted / 8);
  std::string best;
  int64_t best_error = std::numeric_limits<int64_t>::max();
  for (int round = 0; round < kMaxRounds && best_error > wanted / 100; ++round) {
    std::string text = make(num_parts);
    const auto count = CountTokens(text, tokenizer);
    if (!count.ok()) return count.status();
    const int64_t error = std::abs(*count - wanted);
    if (error < best_error) {
      best = std::move(text);
      best_error = error;
    }
    // Length is nearly proportional to the number of parts.
    num_parts = std::max<int64_t>(1, num_parts * wanted / std::max<int64_t>(1, *count));
  }
  if (best_error > wanted / 20) {
    return InvalidArgument("a text for this task has no length near " + std::to_string(wanted) +
                           " tokens; the nearest is " + std::to_string(best_error) + " off");
  }
  return best;
}

}  // namespace dynsplit::eval
