// Facts hidden in long texts: what the niah-* tasks, variable-tracking and passkey share ("needle
// in a haystack", Kamradt 2023; RULER, Hsieh et al. 2024, arXiv 2404.06654).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/eval/task.h"
#include "apps/eval/tasks/haystack.h"
#include "base/rng.h"

namespace dynsplit::eval {

struct Needle {
  std::string line;
  double depth = 0;  // where its first token stands: 0 the beginning, 1 the end of the text
};

// What one document hides and asks.
struct NeedlePlan {
  std::vector<Needle> needles;
  std::vector<Question> questions;
};

struct NeedleTask {
  std::string_view name;
  std::string instructions;
  int questions_per_document = 0;
  // `first_question`: how many questions the documents before have.
  std::function<NeedlePlan(int first_question, Rng* rng)> plan;
};

// The documents of a task, prose and code in turn. Errors of NumDocuments, ReadHaystacks and
// HideNeedles.
Result<std::vector<Document>> MakeNeedleDocuments(const NeedleTask& task,
                                                  const TaskOptions& options,
                                                  const Tokenizer& tokenizer);

// Text for document `document` with `needles` as paragraphs of their own, in code as comments with
// the next line's indentation, each at the paragraph boundary nearest to its depth.
// options.context_tokens in all, within 3 %. InvalidArgument where the needles are more than half
// of that, and errors of TakeParagraphs.
Result<std::string> HideNeedles(const HaystackText& haystack, int document,
                                std::vector<Needle> needles, const TaskOptions& options,
                                const Tokenizer& tokenizer);

// The depth of number `idx` of `count`, evenly spread: (idx + 1/2) / count.
double EvenDepth(size_t idx, size_t count);

// The depth of a task's question number `question`, counted over its documents: options.depths in
// turn, else EvenDepth within the document.
double QuestionDepth(const TaskOptions& options, int question);

// Gives the needles even depths in a random order.
void SpreadEvenly(std::vector<Needle>* needles, Rng* rng);

// Different numbers of so many digits, the first of them no 0. At most 4 in 9 of those that there
// are.
std::vector<std::string> DistinctNumbers(int count, int num_digits, Rng* rng);

// ---- RULER's facts: "One of the special magic numbers for amber-falcon is: 4812345."

// Different keys of an adjective and a noun, and as long as words suffice (166) no two with a word
// in common. At most kMaxMagicKeys.
inline constexpr int kMaxMagicKeys = 40'000;
std::vector<std::string> MagicKeys(int count, Rng* rng);
// Different numbers of seven digits. At most kMaxMagicKeys.
std::vector<std::string> MagicValues(int count, Rng* rng);
std::string MagicLine(std::string_view key, std::string_view value);
// What stands before the text of every niah-* task.
std::string MagicInstructions();
// Asks for the one number of a key, number `idx` of its document.
Question AskForOne(int idx, const std::string& key, const std::string& value, double depth);
// Asks for all of the numbers of some keys.
Question AskForAll(int idx, const std::vector<std::string>& keys, std::vector<std::string> values);

}  // namespace dynsplit::eval
