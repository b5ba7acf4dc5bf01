#include <charconv>

#include "dynsplit/method.h"

namespace dynsplit {
namespace {

Status BadBudget(std::string_view text) {
  return InvalidArgument("budget: got \"" + std::string(text) + "\", wanted 0.." +
                         std::to_string(Budget::kMostTokens) +
                         " tokens, 0%..100% of the context, or such a share within bounds, "
                         "5%:1024 or 5%:256..1024; each may go on with @ and a share of the "
                         "mass, above 0 and at most 1");
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

bool ParseTokens(std::string_view text, int64_t* tokens) {
  return ParseNumber(text, tokens) && *tokens >= 0 && *tokens <= Budget::kMostTokens;
}

// What is behind a percentage: ":512", ":64..512" or nothing.
bool ParseBounds(std::string_view text, Budget* budget) {
  budget->tokens = Budget::kMostTokens;
  if (text.empty()) return true;
  if (text.front() != ':') return false;
  const size_t dots = text.find("..");
  if (dots == std::string_view::npos) return ParseTokens(text.substr(1), &budget->tokens);
  return ParseTokens(text.substr(1, dots - 1), &budget->least_tokens) &&
         ParseTokens(text.substr(dots + 2), &budget->tokens) &&
         budget->least_tokens <= budget->tokens;
}

// The part before @.
bool ParseLimit(std::string_view text, Budget* budget) {
  const size_t sign = text.find('%');
  if (sign == std::string_view::npos) return ParseTokens(text, &budget->tokens);
  return ParseNumber(text.substr(0, sign), &budget->percent) && budget->percent >= 0 &&
         budget->percent <= 100 && ParseBounds(text.substr(sign + 1), budget);
}

// What ParseBounds reads.
std::string FormatBounds(const Budget& budget) {
  if (budget.least_tokens == 0 && budget.tokens == Budget::kMostTokens) return "";
  const std::string most = std::to_string(budget.tokens);
  return ":" + (budget.least_tokens > 0 ? std::to_string(budget.least_tokens) + ".." + most : most);
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
  const bool in_tokens =
      budget.percent == 100 && budget.least_tokens == 0 && budget.tokens < Budget::kMostTokens;
  std::string text = in_tokens ? std::to_string(budget.tokens)
                               : FormatNumber(budget.percent) + "%" + FormatBounds(budget);
  if (budget.mass > 0) text += "@" + FormatNumber(budget.mass);
  return text;
}

}  // namespace dynsplit
