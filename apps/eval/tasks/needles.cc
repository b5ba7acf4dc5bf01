#include "apps/eval/tasks/needles.h"

#include <algorithm>
#include <set>
#include <utility>

#include "apps/common/paragraphs.h"
#include "apps/eval/tasks/documents.h"
#include "apps/eval/tasks/words.h"
#include "base/check.h"

namespace dynsplit::eval {
namespace {

// In code a fact is a comment, as far in as the line that it stands before.
std::string LineBefore(const HaystackText& haystack, const Filler& filler, size_t before,
                       const std::string& line) {
  if (haystack.comment.empty()) return line;
  std::string indentation;
  if (before < filler.paragraphs.size()) {
    const std::string& next = filler.paragraphs[before];
    indentation = next.substr(0, next.find_first_not_of(" \t"));
  }
  return indentation + haystack.comment + line;
}

// "a", "a, and b", "a, b, and c", as RULER writes it.
std::string Enumerate(const std::vector<std::string>& items) {
  std::string text = items[0];
  for (size_t i = 1; i < items.size(); ++i) {
    text += i + 1 < items.size() ? ", " : ", and ";
    text += items[i];
  }
  return text;
}

Status CheckDepths(const std::vector<double>& depths) {
  for (const double depth : depths) {
    if (!(depth >= 0 && depth <= 1)) {
      return InvalidArgument("a depth is " + std::to_string(depth) + ", wanted 0 to 1");
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Document>> MakeNeedleDocuments(const NeedleTask& task,
                                                  const TaskOptions& options,
                                                  const Tokenizer& tokenizer) {
  DYNSPLIT_RETURN_IF_ERROR(CheckDepths(options.depths));
  const auto num_documents = NumDocuments(options, task.questions_per_document);
  if (!num_documents.ok()) return num_documents.status();
  const auto haystacks = ReadHaystacks(options);
  if (!haystacks.ok()) return haystacks.status();
  std::vector<Document> documents;
  for (int d = 0; d < *num_documents; ++d) {
    const HaystackText& haystack = (*haystacks)[static_cast<size_t>(d) % haystacks->size()];
    Rng rng = DocumentRng(task.name, options.seed, d);
    NeedlePlan plan = task.plan(d * task.questions_per_document, &rng);
    auto text = HideNeedles(haystack, d, std::move(plan.needles), options, tokenizer);
    if (!text.ok()) {
      return Status(text.status().code(), std::string(task.name) + ": " + text.status().message());
    }
    Document document = NewDocument(haystack.kind, options.seed, d);
    document.instructions = task.instructions;
    document.text = std::move(*text);
    document.questions = std::move(plan.questions);
    documents.push_back(std::move(document));
  }
  return documents;
}

Result<std::string> HideNeedles(const HaystackText& haystack, int document,
                                std::vector<Needle> needles, const TaskOptions& options,
                                const Tokenizer& tokenizer) {
  std::stable_sort(needles.begin(), needles.end(),
                   [](const Needle& a, const Needle& b) { return a.depth < b.depth; });
  std::vector<int64_t> num_tokens;
  int64_t total = 0;
  for (const Needle& needle : needles) {
    const auto count = CountParagraphTokens(haystack.comment + needle.line, tokenizer);
    if (!count.ok()) return count.status();
    num_tokens.push_back(*count);
    total += *count;
  }
  if (2 * total > options.context_tokens) {
    return InvalidArgument("the " + std::to_string(needles.size()) + " facts of a document have " +
                           std::to_string(total) + " tokens, wanted at most half of its " +
                           std::to_string(options.context_tokens) +
                           "; ask fewer questions per document");
  }
  const auto filler =
      TakeParagraphs(haystack, options, document, options.context_tokens - total, tokenizer);
  if (!filler.ok()) return filler.status();
  for (const int64_t count : filler->num_tokens) total += count;

  std::vector<Insertion> insertions;
  size_t before = 0;  // the paragraph that the needle is to stand before
  int64_t place = 0;  // its first token
  for (size_t i = 0; i < needles.size(); ++i) {
    const double wanted = needles[i].depth * static_cast<double>(total);
    while (before < filler->paragraphs.size() &&
           static_cast<double>(place) + 0.5 * static_cast<double>(filler->num_tokens[before]) <=
               wanted) {
      place += filler->num_tokens[before++];
    }
    insertions.push_back({before, LineBefore(haystack, *filler, before, needles[i].line)});
    place += num_tokens[i];
  }
  return JoinParagraphs(filler->paragraphs, insertions);
}

double EvenDepth(size_t idx, size_t count) {
  return (static_cast<double>(idx) + 0.5) / static_cast<double>(count);
}

double QuestionDepth(const TaskOptions& options, int question) {
  const auto idx = static_cast<size_t>(question);
  if (!options.depths.empty()) return options.depths[idx % options.depths.size()];
  const auto count = static_cast<size_t>(QuestionsPerDocument(options));
  return EvenDepth(idx % count, count);
}

void SpreadEvenly(std::vector<Needle>* needles, Rng* rng) {
  std::vector<size_t> order;
  for (size_t i = 0; i < needles->size(); ++i) order.push_back(i);
  Shuffle(&order, rng);
  for (size_t i = 0; i < order.size(); ++i) {
    (*needles)[i].depth = EvenDepth(order[i], order.size());
  }
}

std::vector<std::string> DistinctNumbers(int count, int num_digits, Rng* rng) {
  DYNSPLIT_CHECK(count >= 0 && num_digits > 0 && num_digits < 19);
  uint64_t smallest = 1;
  for (int i = 1; i < num_digits; ++i) smallest *= 10;
  const uint64_t available = 9 * smallest;
  DYNSPLIT_CHECK(static_cast<uint64_t>(count) <= available * 4 / 9);
  std::set<uint64_t> seen;
  std::vector<std::string> numbers;
  while (numbers.size() < static_cast<size_t>(count)) {
    const uint64_t number = smallest + rng->Below(available);
    if (seen.insert(number).second) numbers.push_back(std::to_string(number));
  }
  return numbers;
}

std::vector<std::string> MagicKeys(int count, Rng* rng) {
  DYNSPLIT_CHECK(count >= 0 && count <= kMaxMagicKeys);
  std::vector<std::string_view> adjectives(Adjectives().begin(), Adjectives().end());
  std::vector<std::string_view> nouns(Nouns().begin(), Nouns().end());
  DYNSPLIT_CHECK(adjectives.size() * nouns.size() >= static_cast<size_t>(kMaxMagicKeys));
  Shuffle(&adjectives, rng);
  Shuffle(&nouns, rng);
  std::vector<std::string> keys;
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    // Every round over the adjectives pairs them with other nouns.
    const size_t round = i / adjectives.size();
    const size_t adjective = i % adjectives.size();
    keys.push_back(std::string(adjectives[adjective]) + "-" +
                   std::string(nouns[(adjective + round) % nouns.size()]));
  }
  return keys;
}

std::vector<std::string> MagicValues(int count, Rng* rng) {
  return DistinctNumbers(count, /*num_digits=*/7, rng);
}

std::string MagicLine(std::string_view key, std::string_view value) {
  return "One of the special magic numbers for " + std::string(key) + " is: " + std::string(value) +
         ".";
}

std::string MagicInstructions() {
  return "Some special magic numbers are hidden within the following text. Make sure to memorize "
         "them. I will quiz you about the numbers afterwards.";
}

Question AskForOne(int idx, const std::string& key, const std::string& value, double depth) {
  // Seven digits are seven tokens in some vocabularies; a chat model may say a few words first.
  constexpr int kMaxTokens = 24;
  Question question = NewQuestion(
      idx, "What is the special magic number for " + key + " mentioned in the provided text?",
      "The special magic number for " + key + " mentioned in the provided text is", {value},
      kMaxTokens);
  question.depth = depth;
  return question;
}

Question AskForAll(int idx, const std::vector<std::string>& keys, std::vector<std::string> values) {
  constexpr int kMaxTokens = 128;  // RULER's own limit for all niah tasks
  const std::string key = Enumerate(keys);
  return NewQuestion(
      idx, "What are all the special magic numbers for " + key + " mentioned in the provided text?",
      "The special magic numbers for " + key + " mentioned in the provided text are",
      std::move(values), kMaxTokens);
}

}  // namespace dynsplit::eval
