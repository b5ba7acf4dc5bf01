#include "apps/eval/metrics.h"

#include <algorithm>
#include <string>
#include <vector>

#include "apps/eval/ascii.h"
#include "apps/eval/text_similarity.h"
#include "base/check.h"

namespace dynsplit::eval {
namespace {

constexpr std::string_view kDigits = "0123456789";

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// How many of `expected` stand in `answer`, in any case.
size_t NumContained(const std::vector<std::string>& expected, std::string_view answer) {
  const std::string text = AsciiLower(answer);
  return static_cast<size_t>(
      std::count_if(expected.begin(), expected.end(),
                    [&](const std::string& part) { return Contains(text, AsciiLower(part)); }));
}

// The first line that is not empty.
std::string_view FirstLine(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of('\n'), text.size()));
  return text.substr(0, text.find('\n'));
}

std::string_view Trim(std::string_view text) {
  const size_t start = text.find_first_not_of(kAsciiSpace);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(kAsciiSpace) + 1 - start);
}

// The first line that can be code: no fence, no comment. "" where there is none.
std::string_view FirstCodeLine(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of('\n'), text.size()));
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (!Contains(line, "`") && !Contains(line, "#") && !Contains(line, "//")) return line;
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return {};
}

// The runs of digits in `text`.
std::vector<std::string_view> Numbers(std::string_view text) {
  std::vector<std::string_view> numbers;
  for (size_t at = text.find_first_of(kDigits); at != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_not_of(kDigits, at), text.size());
    numbers.push_back(text.substr(at, end - at));
    at = text.find_first_of(kDigits, end);
  }
  return numbers;
}

// The share of the answer's numbers that are the expected one: naming all earns little.
double ShareOfNumbers(std::string_view answer, std::string_view expected) {
  const std::vector<std::string_view> numbers = Numbers(answer);
  if (numbers.empty()) return 0;
  const auto num_right = std::count(numbers.begin(), numbers.end(), expected);
  return static_cast<double>(num_right) / static_cast<double>(numbers.size());
}

// The number of "Paragraph 7"; LongBench's Chinese set writes another word before it.
std::string_view ParagraphNumber(std::string_view expected) {
  const std::vector<std::string_view> numbers = Numbers(expected);
  return numbers.empty() ? std::string_view() : numbers.front();
}

// 1 over the number of classes that the answer names, where the expected one is among them. Names
// that are part of the expected one do not count. LongBench takes them out of the list while it
// walks it, and so skips the one after each; its figures are with that.
double Accuracy(const Question& question, std::string_view answer, std::string_view expected) {
  std::vector<std::string_view> named;
  for (const std::string& name : question.classes) {
    if (Contains(answer, name)) named.push_back(name);
  }
  for (size_t i = 0; i < named.size(); ++i) {
    const std::string_view name = named[i];
    if (name == expected || !Contains(expected, name)) continue;
    named.erase(std::find(named.begin(), named.end(), name));
  }
  if (std::find(named.begin(), named.end(), expected) == named.end()) return 0;
  return 1.0 / static_cast<double>(named.size());
}

// Against one of the expected answers; kContainsAll and kContainsAny look at all of them at once.
double ScoreOne(const Question& question, std::string_view answer, std::string_view expected) {
  switch (question.metric) {
    case Metric::kExact:
      return Trim(FirstLine(answer)) == expected ? 1 : 0;
    case Metric::kF1:
      return TokenF1(answer, expected);
    case Metric::kRougeL:
      return RougeL(answer, expected);
    case Metric::kAccuracy:
      return Accuracy(question, answer, expected);
    case Metric::kEdit:
      return EditSimilarity(FirstCodeLine(answer), expected);
    case Metric::kCount:
      return ShareOfNumbers(answer, expected);
    case Metric::kRetrieval:
      return ShareOfNumbers(answer, ParagraphNumber(expected));
    case Metric::kContainsAll:
    case Metric::kContainsAny:
    case Metric::kContinuation:
      break;
  }
  DYNSPLIT_CHECK(false);
}

}  // namespace

double ScoreAnswer(const Question& question, std::string_view answer) {
  DYNSPLIT_CHECK(question.metric != Metric::kContinuation);
  DYNSPLIT_CHECK(!question.expected.empty());
  if (question.first_line) answer = FirstLine(answer);
  if (question.metric == Metric::kContainsAll) {
    return static_cast<double>(NumContained(question.expected, answer)) /
           static_cast<double>(question.expected.size());
  }
  if (question.metric == Metric::kContainsAny) {
    return NumContained(question.expected, answer) > 0 ? 1 : 0;
  }
  double best = 0;
  for (const std::string& expected : question.expected) {
    best = std::max(best, ScoreOne(question, answer, expected));
  }
  return best;
}

}  // namespace dynsplit::eval
