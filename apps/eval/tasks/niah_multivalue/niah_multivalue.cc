#include "apps/eval/tasks/niah_multivalue/niah_multivalue.h"

#include <string>

#include "apps/eval/tasks/documents.h"
#include "apps/eval/tasks/needles.h"

namespace dynsplit::eval {
namespace {

constexpr int kValuesPerKey = 4;

NeedlePlan Plan(int num_questions, Rng* rng) {
  const auto keys = MagicKeys(num_questions, rng);
  const auto values = MagicValues(num_questions * kValuesPerKey, rng);
  NeedlePlan plan;
  auto next = values.begin();
  for (int i = 0; i < num_questions; ++i) {
    const std::string& key = keys[static_cast<size_t>(i)];
    const std::vector<std::string> expected(next, next + kValuesPerKey);
    next += kValuesPerKey;
    for (const std::string& value : expected) plan.needles.push_back({MagicLine(key, value)});
    plan.questions.push_back(AskForAll(i, {key}, expected));
  }
  SpreadEvenly(&plan.needles, rng);
  return plan;
}

}  // namespace

Result<std::vector<Document>> MakeNiahMultivalue(const TaskOptions& options,
                                                 const Tokenizer& tokenizer) {
  const int count = QuestionsPerDocument(options);
  const auto plan = [count](int, Rng* rng) { return Plan(count, rng); };
  return MakeNeedleDocuments({"niah-multivalue", MagicInstructions(), count, plan}, options,
                             tokenizer);
}

}  // namespace dynsplit::eval
