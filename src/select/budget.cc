#include <charconv>
#include <limits>

#include "dynsplit/method.h"

namespace dynsplit {
namespace {

constexpr int64_t kMaxBudgetTokens = std::numeric_limits<int32_t>::max();

Status BadBudget(std::string_view text) {
  return InvalidArgument("budget: got \"" + std::string(text) + "\", wanted 0.." +
                         std::to_string(kMaxBudgetTokens) + " tokens, or 0%..100% of the context");
}

// The whole of `text` as a number.
template <typename T>
bool ParseNumber(std::string_view text, T* value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && stop == end;
}

}  // namespace

Result<Budget> ParseBudget(std::string_view text) {
  Budget budget;
  if (text.ends_with('%')) {
    double percent = 0;
    const bool parsed = ParseNumber(text.substr(0, text.size() - 1), &percent);
    if (!parsed || !(percent >= 0 && percent <= 100)) return BadBudget(text);
    budget.tokens = 0;  // what 0% comes to
    budget.percent = percent;
    return budget;
  }
  if (!ParseNumber(text, &budget.tokens)) return BadBudget(text);
  if (budget.tokens < 0 || budget.tokens > kMaxBudgetTokens) return BadBudget(text);
  return budget;
}

std::string FormatBudget(const Budget& budget) {
  if (!(budget.percent > 0)) return std::to_string(budget.tokens);
  char digits[32];  // the shortest text that reads back as the same number
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), budget.percent);
  return std::string(digits, error == std::errc() ? end : digits) + "%";
}

}  // namespace dynsplit
