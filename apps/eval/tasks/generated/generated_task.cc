#include "apps/eval/tasks/generated/generated_task.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "apps/eval/tasks/documents.h"
#include "apps/eval/tasks/draw.h"
#include "apps/eval/tasks/generated/token_count.h"

namespace dynsplit::eval {
namespace {

constexpr int64_t kMaxContextTokens = int64_t{1} << 30;  // far beyond any model

struct PlacedFact {
  Fact fact;
  double depth = 0;
};

struct FilledText {
  std::string text;
  std::vector<PlacedFact> facts;  // in the order of the text
};

// Ends where one more unit would be farther from the wanted length than none.
Result<FilledText> FillText(const UnitSource& source, int64_t num_tokens,
                            const Tokenizer& tokenizer) {
  FilledText filled;
  for (int64_t have = 0;;) {
    Unit unit = source();
    const auto count = CountPart(unit.text, tokenizer);
    if (!count.ok()) return count.status();
    if (std::llabs(have + *count - num_tokens) > std::llabs(have - num_tokens)) return filled;
    for (Fact& fact : unit.facts) {
      filled.facts.push_back(
          {std::move(fact), static_cast<double>(have) / static_cast<double>(num_tokens)});
    }
    filled.text += unit.text;
    have += *count;
  }
}

bool OccursOnce(std::string_view text, std::string_view part) {
  const size_t first = text.find(part);
  return first != std::string_view::npos && text.find(part, first + 1) == std::string_view::npos;
}

// A random fact of [begin, end) that can be asked for.
std::optional<PlacedFact> ChooseFact(const FilledText& filled, size_t begin, size_t end, Rng* rng) {
  std::vector<size_t> order;
  for (size_t i = begin; i < end; ++i) order.push_back(i);
  Shuffle(&order, rng);
  for (const size_t i : order) {
    const PlacedFact& placed = filled.facts[i];
    if (OccursOnce(filled.text, placed.fact.key) && OccursOnce(filled.text, placed.fact.answer)) {
      return placed;
    }
  }
  return std::nullopt;
}

Question MakeQuestion(const GeneratedTask& task, const PlacedFact& placed, size_t question_idx) {
  Question question = NewQuestion(static_cast<int>(question_idx), placed.fact.prompt,
                                  placed.fact.answer_prefix, {placed.fact.answer}, task.max_tokens);
  question.depth = std::min(placed.depth, 1.0);
  return question;
}

}  // namespace

Status CheckOptions(std::string_view task, const TaskOptions& options) {
  const std::string name(task);
  if (options.context_tokens < 1 || options.context_tokens > kMaxContextTokens) {
    return InvalidArgument(name + ": a context of " + std::to_string(options.context_tokens) +
                           " tokens, wanted 1 to " + std::to_string(kMaxContextTokens));
  }
  if (options.num_questions < 1 || options.questions_per_document < 1) {
    return InvalidArgument(name + ": " + std::to_string(options.num_questions) + " questions, " +
                           std::to_string(options.questions_per_document) +
                           " per document, wanted at least 1 of both");
  }
  return {};
}

Result<std::vector<Document>> Generate(const GeneratedTask& task, const TaskOptions& options,
                                       const Tokenizer& tokenizer) {
  DYNSPLIT_RETURN_IF_ERROR(CheckOptions(task.name, options));
  const auto wanted = static_cast<size_t>(options.questions_per_document);
  std::vector<Document> documents;
  for (int have = 0; have < options.num_questions;) {
    const int document_idx = static_cast<int>(documents.size());
    Rng rng = DocumentRng(task.name, options.seed, document_idx);
    const auto filled = FillText(task.open(Rng(rng.Next())), options.context_tokens, tokenizer);
    if (!filled.ok()) return filled.status();
    Document document = NewDocument(task.kind, options.seed, document_idx);
    document.instructions = task.instructions;
    document.text = filled->text;
    const size_t num_slices = std::min(wanted, filled->facts.size());
    for (size_t i = 0; i < num_slices; ++i) {
      const auto placed = ChooseFact(*filled, i * filled->facts.size() / num_slices,
                                     (i + 1) * filled->facts.size() / num_slices, &rng);
      if (placed) {
        document.questions.push_back(MakeQuestion(task, *placed, document.questions.size()));
      }
    }
    if (document.questions.empty()) {
      return InvalidArgument(std::string(task.name) + ": no fact fits a context of " +
                             std::to_string(options.context_tokens) +
                             " tokens; a few hundred are wanted");
    }
    have += static_cast<int>(document.questions.size());
    documents.push_back(std::move(document));
  }
  return documents;
}

}  // namespace dynsplit::eval
