#include "apps/eval/tasks/passkey/passkey.h"

#include <string>

#include "apps/eval/tasks/documents.h"
#include "apps/eval/tasks/needles.h"

namespace dynsplit::eval {
namespace {

constexpr int kMaxTokens = 16;  // five digits and a few words

// Number `idx` of its document.
void AddPasskey(int idx, const std::string& key, const std::string& number, double depth,
                NeedlePlan* plan) {
  plan->needles.push_back({"The pass key of " + key + " is " + number + ". Remember it. " + number +
                               " is the pass key of " + key + ".",
                           depth});
  plan->questions.push_back(NewQuestion(idx, "What is the pass key of " + key + "?",
                                        "The pass key of " + key + " is", {number}, kMaxTokens));
  plan->questions.back().depth = depth;
}

}  // namespace

Result<std::vector<Document>> MakePasskey(const TaskOptions& options, const Tokenizer& tokenizer) {
  const int count = QuestionsPerDocument(options);
  const auto plan = [&options, count](int first_question, Rng* rng) {
    const auto keys = MagicKeys(count, rng);
    const auto numbers = DistinctNumbers(count, 5, rng);
    NeedlePlan made;
    for (int i = 0; i < count; ++i) {
      const auto idx = static_cast<size_t>(i);
      AddPasskey(i, keys[idx], numbers[idx], QuestionDepth(options, first_question + i), &made);
    }
    return made;
  };
  const std::string instructions =
      "There is important information hidden inside a lot of irrelevant text. Find it and memorize "
      "it. I will quiz you about the important information there.";
  return MakeNeedleDocuments({"passkey", instructions, count, plan}, options, tokenizer);
}

}  // namespace dynsplit::eval
