#include "apps/eval/tasks/variable_tracking/variable_tracking.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "apps/eval/tasks/documents.h"
#include "apps/eval/tasks/needles.h"

namespace dynsplit::eval {
namespace {

constexpr int kNumHops = 4;
constexpr int kNumVariables = kNumHops + 1;  // of a chain
constexpr int kMaxAsked = 4;                 // chains of a document
constexpr int kNumDistractors = 2;           // chains that no question asks for
constexpr int kNameLength = 5;
constexpr int kMaxTokens = 48;  // five names of three or four tokens, with commas

// RULER's prompt has one example as well. Its names are shorter than those asked for.
constexpr std::string_view kInstructions =
    "Memorize and track the chains of variable assignment hidden in the following text.\n\n"
    "VAR QLT = 9731\n"
    "The grass is green. The sky is blue. The sun is yellow.\n"
    "VAR BRF = VAR QLT\n"
    "Here we go. There and back again.\n"
    "VAR HSD = VAR BRF\n"
    "The grass is green. The sky is blue. The sun is yellow.\n"
    "VAR XMP = VAR HSD\n"
    "Here we go. There and back again.\n"
    "VAR ZKV = VAR XMP\n\n"
    "Question: Find all variables that are assigned the value 9731 in the text above.\n"
    "Answer: According to the chains of variable assignment in the text above, 5 variables are "
    "assigned the value 9731, they are: QLT, BRF, HSD, XMP, ZKV\n\n"
    "Memorize and track the chains of variable assignment hidden in the following text.";

struct Chain {
  std::string value;
  std::vector<std::string> names;  // [kNumVariables], each assigned from the one before
};

std::vector<Chain> MakeChains(int count, Rng* rng) {
  const auto values = DistinctNumbers(count, /*num_digits=*/5, rng);
  std::set<std::string> seen;
  std::vector<Chain> chains;
  for (const std::string& value : values) {
    Chain chain = {value, {}};
    while (chain.names.size() < kNumVariables) {
      std::string name;
      for (int i = 0; i < kNameLength; ++i) name += static_cast<char>('A' + rng->Below(26));
      if (seen.insert(name).second) chain.names.push_back(std::move(name));
    }
    chains.push_back(std::move(chain));
  }
  return chains;
}

std::string Assignment(const Chain& chain, size_t idx) {
  return "VAR " + chain.names[idx] + " = " +
         (idx == 0 ? chain.value : "VAR " + chain.names[idx - 1]);
}

// The chains cross each other in any way; each keeps its order.
std::vector<Needle> Interleave(const std::vector<Chain>& chains, Rng* rng) {
  std::vector<size_t> turns;
  for (size_t chain = 0; chain < chains.size(); ++chain) {
    turns.insert(turns.end(), kNumVariables, chain);
  }
  Shuffle(&turns, rng);
  std::vector<size_t> next(chains.size(), 0);
  std::vector<Needle> needles;
  for (size_t i = 0; i < turns.size(); ++i) {
    const size_t chain = turns[i];
    needles.push_back({Assignment(chains[chain], next[chain]++), EvenDepth(i, turns.size())});
  }
  return needles;
}

Question Ask(int idx, const Chain& chain) {
  return NewQuestion(
      idx, "Find all variables that are assigned the value " + chain.value + " in the text above.",
      "According to the chains of variable assignment in the text above, " +
          std::to_string(kNumVariables) + " variables are assigned the value " + chain.value +
          ", they are:",
      chain.names, kMaxTokens);
}

}  // namespace

Result<std::vector<Document>> MakeVariableTracking(const TaskOptions& options,
                                                   const Tokenizer& tokenizer) {
  const int asked = std::min(QuestionsPerDocument(options), kMaxAsked);
  const auto plan = [asked](int, Rng* rng) {
    const auto chains = MakeChains(asked + kNumDistractors, rng);
    NeedlePlan made;
    made.needles = Interleave(chains, rng);
    for (int i = 0; i < asked; ++i) {
      made.questions.push_back(Ask(i, chains[static_cast<size_t>(i)]));
    }
    return made;
  };
  return MakeNeedleDocuments({"variable-tracking", std::string(kInstructions), asked, plan},
                             options, tokenizer);
}

}  // namespace dynsplit::eval
