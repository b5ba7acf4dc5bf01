#include "apps/eval/tasks/niah_multikey/niah_multikey.h"

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "apps/eval/tasks/documents.h"
#include "apps/eval/tasks/needles.h"
#include "apps/eval/tasks/words.h"

namespace dynsplit::eval {
namespace {

// Two other words are taken for each key, none twice.
constexpr int kMaxQuestions = 80;

constexpr size_t kKeysPerQuestion = 4;

// A key and the three that differ from it in its adjective, its noun and one digit.
std::array<std::string, kKeysPerQuestion> NearDuplicates(
    std::span<const std::string_view> adjectives, std::span<const std::string_view> nouns,
    Rng* rng) {
  const std::string adjective(adjectives[0]);
  const std::string noun(nouns[0]);
  const uint64_t tens = 1 + rng->Below(9);
  const uint64_t ones = rng->Below(10);
  const std::string number = "-" + std::to_string(10 * tens + ones);
  const uint64_t other_ones = (ones + 1 + rng->Below(9)) % 10;
  return {adjective + "-" + noun + number, std::string(adjectives[1]) + "-" + noun + number,
          adjective + "-" + std::string(nouns[1]) + number,
          adjective + "-" + noun + "-" + std::to_string(10 * tens + other_ones)};
}

NeedlePlan Plan(int num_questions, Rng* rng) {
  std::vector<std::string_view> adjectives(Adjectives().begin(), Adjectives().end());
  std::vector<std::string_view> nouns(Nouns().begin(), Nouns().end());
  Shuffle(&adjectives, rng);
  Shuffle(&nouns, rng);
  const auto values = MagicValues(num_questions * static_cast<int>(kKeysPerQuestion), rng);
  NeedlePlan plan;
  std::vector<std::string> asked;
  for (size_t i = 0; i < static_cast<size_t>(num_questions); ++i) {
    const auto keys = NearDuplicates(std::span(adjectives).subspan(2 * i, 2),
                                     std::span(nouns).subspan(2 * i, 2), rng);
    for (size_t j = 0; j < keys.size(); ++j) {
      plan.needles.push_back({MagicLine(keys[j], values[i * kKeysPerQuestion + j])});
    }
    asked.push_back(keys[0]);
  }
  SpreadEvenly(&plan.needles, rng);
  for (size_t i = 0; i < asked.size(); ++i) {
    const size_t needle = i * kKeysPerQuestion;
    plan.questions.push_back(
        AskForOne(static_cast<int>(i), asked[i], values[needle], plan.needles[needle].depth));
  }
  return plan;
}

}  // namespace

Result<std::vector<Document>> MakeNiahMultikey(const TaskOptions& options,
                                               const Tokenizer& tokenizer) {
  const int count = QuestionsPerDocument(options);
  if (count > kMaxQuestions) {
    return InvalidArgument("niah-multikey: " + std::to_string(count) +
                           " questions per document, wanted at most " +
                           std::to_string(kMaxQuestions));
  }
  const auto plan = [count](int, Rng* rng) { return Plan(count, rng); };
  return MakeNeedleDocuments({"niah-multikey", MagicInstructions(), count, plan}, options,
                             tokenizer);
}

}  // namespace dynsplit::eval
