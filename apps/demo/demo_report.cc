#include "apps/demo/demo_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "apps/common/figures.h"

namespace dynsplit::demo {
namespace {

std::string Shortened(const std::string& text) {
  constexpr size_t kMost = 24;
  const std::string trimmed = text.substr(std::min(text.find_first_not_of(' '), text.size()));
  return trimmed.size() <= kMost ? trimmed : trimmed.substr(0, kMost - 2) + "..";
}

// One figure of every method, and how many times better the last is than the first: that is
// `first / last` of `cost`.
std::vector<std::string> Row(const DemoResult& demo, const std::string& label,
                             const std::function<std::string(const MethodResult&)>& shown,
                             const std::function<double(const MethodResult&)>& cost) {
  std::vector<std::string> row = {label};
  for (const MethodResult& method : demo.methods) row.push_back(shown(method));
  const double last = cost(demo.methods.back());
  row.push_back(last > 0 ? fmt::format("{:.1f} x", cost(demo.methods.front()) / last) : "-");
  return row;
}

}  // namespace

std::string AnswersTable(const DemoResult& demo) {
  std::vector<std::string> header = {"question", "depth", "expected"};
  for (const MethodResult& method : demo.methods) header.push_back(method.method.name);
  Table table(header);
  for (size_t i = 0; i < demo.hay.facts.size(); ++i) {
    const HiddenFact& fact = demo.hay.facts[i];
    std::vector<std::string> row = {fact.question,
                                    fmt::format("{:.0f} %", 100 * demo.hay.depths[i]), fact.answer};
    for (const MethodResult& method : demo.methods) {
      const AskedFact& answer = method.answers[i];
      row.push_back(answer.right ? "right" : "wrong: " + Shortened(answer.text));
    }
    table.AddRow(std::move(row));
  }
  return table.ToString();
}

std::string FiguresTable(const DemoResult& demo, const ModelDescription& model) {
  std::vector<std::string> header = {""};
  for (const MethodResult& method : demo.methods) header.push_back(method.method.name);
  header.push_back("gain");
  Table table(header);
  std::vector<std::string> right = {"answers right"};
  for (const MethodResult& method : demo.methods) {
    right.push_back(fmt::format("{} of {}", method.NumRight(), method.answers.size()));
  }
  right.push_back("");
  table.AddRow(std::move(right));
  const auto attended = [](const MethodResult& m) { return m.attended_tokens_mean; };
  table.AddRow(Row(
      demo, "decode, tokens/s",
      [](const MethodResult& m) { return FormatRate(m.TokensPerSecond()); },
      [](const MethodResult& m) { return 1 / m.TokensPerSecond(); }));
  table.AddRow(Row(
      demo, "attended tokens",
      [](const MethodResult& m) { return fmt::format("{:.0f}", m.attended_tokens_mean); },
      attended));
  table.AddRow(Row(
      demo, "KV read per token",
      [&](const MethodResult& m) {
        return FormatBytes(static_cast<int64_t>(m.attended_tokens_mean *
                                                static_cast<double>(model.KvBytesPerToken())));
      },
      attended));
  table.AddRow(Row(
      demo, "KV cache held", [](const MethodResult& m) { return FormatBytes(m.kv_bytes_total); },
      [](const MethodResult& m) { return static_cast<double>(m.kv_bytes_total); }));
  return table.ToString();
}

}  // namespace dynsplit::demo
