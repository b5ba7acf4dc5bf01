// What the tasks that make their own documents share: how many documents, their ids, their random
// numbers, and texts of a wanted length.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/eval/task.h"
#include "apps/eval/tasks/draw.h"

namespace dynsplit::eval {

// How many documents with `questions_per_document` questions each have options.num_questions in
// all. InvalidArgument where an option is out of its range, for more than 1,000 questions per
// document and for more than 10,000 documents.
Result<int> NumDocuments(const TaskOptions& options, int questions_per_document);

// options.questions_per_document, or options.num_questions where that is less: no document hides
// facts for questions that are not asked.
int QuestionsPerDocument(const TaskOptions& options);

// Without text and questions; its id is "prose-s1-d0".
Document NewDocument(std::string_view kind, uint64_t seed, int number);

// Number `idx` of its document, "q<idx>", scored as RULER does (kContainsAll).
Question NewQuestion(int idx, std::string prompt, std::string answer_prefix,
                     std::vector<std::string> expected, int max_tokens);

// A text that `make` builds from a number of parts, with so many of them that it has
// options.context_tokens, within 1 % where the parts are that small. `make` has to give longer
// texts for larger numbers. InvalidArgument where none within 5 % is found. Costs about five texts.
Result<std::string> FillWithParts(const std::function<std::string(int64_t num_parts)>& make,
                                  const TaskOptions& options, const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
