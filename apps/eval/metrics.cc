#include "apps/eval/metrics.h"

#include <algorithm>
#include <string>

namespace dynsplit::eval {
namespace {

// Of ASCII letters; other bytes are compared as they are.
std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

double ScoreAnswer(const Question& question, std::string_view answer) {
  const std::string said = Lower(answer);
  const auto found = std::count_if(
      question.expected.begin(), question.expected.end(),
      [&](const std::string& wanted) { return said.find(Lower(wanted)) != std::string::npos; });
  if (question.metric == Metric::kContainsAny) return found > 0 ? 1 : 0;
  return static_cast<double>(found) / static_cast<double>(question.expected.size());
}

}  // namespace dynsplit::eval
