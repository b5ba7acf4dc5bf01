#include "apps/eval/tasks/niah_single/niah_single.h"

#include "apps/eval/tasks/documents.h"
#include "apps/eval/tasks/needles.h"

namespace dynsplit::eval {

Result<std::vector<Document>> MakeNiahSingle(const TaskOptions& options,
                                             const Tokenizer& tokenizer) {
  const int count = QuestionsPerDocument(options);
  const auto plan = [&options, count](int first_question, Rng* rng) {
    const auto keys = MagicKeys(count, rng);
    const auto values = MagicValues(count, rng);
    NeedlePlan made;
    for (int i = 0; i < count; ++i) {
      const auto idx = static_cast<size_t>(i);
      const double depth = QuestionDepth(options, first_question + i);
      made.needles.push_back({MagicLine(keys[idx], values[idx]), depth});
      made.questions.push_back(AskForOne(i, keys[idx], values[idx], depth));
    }
    return made;
  };
  return MakeNeedleDocuments({"niah-single", MagicInstructions(), count, plan}, options, tokenizer);
}

}  // namespace dynsplit::eval
