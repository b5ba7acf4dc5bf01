// Documents that are written from a seed: units (a function, a record, a turn, a table) one after
// another up to the wanted length, then questions about facts of units spread over the document.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/eval/task.h"
#include "base/rng.h"

namespace dynsplit::eval {

// Something that a unit says. It is asked for only where the document holds `key` and `answer`
// once each: the answer stands in one place, and no other place could be meant.
struct Fact {
  std::string key;     // "def parse_rate("
  std::string answer;  // "48213"
  std::string prompt;
  std::string answer_prefix;
};

struct Unit {
  std::string text;  // ends with a newline
  std::vector<Fact> facts;
};

// Gives the next unit of one document, forever.
using UnitSource = std::function<Unit()>;

struct GeneratedTask {
  std::string_view name;
  std::string_view kind;
  std::string_view instructions;
  int max_tokens = 24;
  UnitSource (*open)(Rng rng) = nullptr;
};

// As many documents as options.num_questions takes, each within half a unit of
// options.context_tokens: 5 % at 2048, less above. A document has options.questions_per_document
// questions, or fewer where it has fewer facts: one of each even slice of its facts.
// InvalidArgument where a document is too short for any fact.
Result<std::vector<Document>> Generate(const GeneratedTask& task, const TaskOptions& options,
                                       const Tokenizer& tokenizer);

// InvalidArgument for counts below 1 and contexts above 2^30: every task's first check.
Status CheckOptions(std::string_view task, const TaskOptions& options);

}  // namespace dynsplit::eval
