#include "apps/eval/tasks/niah_multiquery/niah_multiquery.h"

#include <string>

#include "apps/eval/tasks/documents.h"
#include "apps/eval/tasks/needles.h"

namespace dynsplit::eval {
namespace {

constexpr int kKeysPerQuestion = 4;

NeedlePlan Plan(int num_questions, Rng* rng) {
  const auto keys = MagicKeys(num_questions * kKeysPerQuestion, rng);
  const auto values = MagicValues(num_questions * kKeysPerQuestion, rng);
  NeedlePlan plan;
  for (size_t i = 0; i < keys.size(); ++i) {
    plan.needles.push_back({MagicLine(keys[i], values[i])});
  }
  SpreadEvenly(&plan.needles, rng);
  for (int i = 0; i < num_questions; ++i) {
    const auto first = i * kKeysPerQuestion;
    plan.questions.push_back(
        AskForAll(i, {keys.begin() + first, keys.begin() + first + kKeysPerQuestion},
                  {values.begin() + first, values.begin() + first + kKeysPerQuestion}));
  }
  return plan;
}

}  // namespace

Result<std::vector<Document>> MakeNiahMultiquery(const TaskOptions& options,
                                                 const Tokenizer& tokenizer) {
  const int count = QuestionsPerDocument(options);
  const auto plan = [count](int, Rng* rng) { return Plan(count, rng); };
  return MakeNeedleDocuments({"niah-multiquery", MagicInstructions(), count, plan}, options,
                             tokenizer);
}

}  // namespace dynsplit::eval
