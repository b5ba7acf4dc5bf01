#include <charconv>
#include <limits>

#include "dynsplit/method.h"

namespace dynsplit {
namespace {

constexpr int64_t kMaxBudgetTokens = std::numeric_limits<int32_t>::max();

Status BadBudget(std::string_view text) {
  return InvalidArgument(
      "budget: got \"" + std::string(text) + "\", wanted 0.." + std::to_string(kMaxBudgetTokens) +
      " tokens, or 0%..100% of the context; either may go on with @ and a share of "
      "the mass, above 0 and at most 1");
}

// The whole of `text` as a number.
template <typename T>
bool ParseNumber(std::string_view text, T* value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && stop == end;
}

// The shortest text that reads back as the same number.
std::string FormatNumber(double value) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), value);
  return std::string(digits, error == std::errc() ? end : digits);
}

// The part before @: tokens, or a percentage.
bool ParseLimit(std::string_view text, Budget* budget) {
  if (text.ends_with('%')) {
    budget->tokens = 0;  // what 0% comes to
    return ParseNumber(text.substr(0, text.size() - 1), &budget->percent) && budget->percent >= 0 &&
           budget->percent <= 100;
  }
  return ParseNumber(text, &budget->tokens) && budget->tokens >= 0 &&
         budget->tokens <= kMaxBudgetTokens;
}

}  // namespace

Result<Budget> ParseBudget(std::string_view text) {
  Budget budget;
  const size_t at = text.find('@');
  if (!ParseLimit(text.substr(0, at), &budget)) return BadBudget(text);
  if (at == std::string_view::npos) return budget;
  const bool parsed = ParseNumber(text.substr(at + 1), &budget.mass);
  if (!parsed || !(budget.mass > 0 && budget.mass <= 1)) return BadBudget(text);
  return budget;
}

std::string FormatBudget(const Budget& budget) {
  std::string text =
      budget.percent > 0 ? FormatNumber(budget.percent) + "%" : std::to_string(budget.tokens);
  if (budget.mass > 0) text += "@" + FormatNumber(budget.mass);
  return text;
}

}  // namespace dynsplit
