#include "apps/eval/report/csv.h"

#include <fmt/format.h>

#include <vector>

#include "apps/common/markup.h"

namespace dynsplit::eval {
namespace {

constexpr const char* kHeader =
    "context,task,kind,method,budget,questions,score,score_low,score_high,relative_to_full,"
    "perplexity,perplexity_low,perplexity_high,perplexity_to_full,perplexity_to_full_low,"
    "perplexity_to_full_high,kl,attended_tokens,index_bytes\n";

std::string Number(double value) { return fmt::format("{:.6g}", value); }

std::string Number(const std::optional<double>& value) { return value ? Number(*value) : ""; }

std::string Numbers(const std::optional<Estimate>& e) {
  return e ? fmt::format("{},{},{}", Number(e->mean), Number(e->low), Number(e->high)) : ",,";
}

// What a line begins with.
std::string Key(int64_t context, const std::string& task, const std::string& kind,
                const Setting& setting) {
  return fmt::format("{},{},{},{},{}", context, EscapedCsv(task), EscapedCsv(kind),
                     EscapedCsv(setting.method), EscapedCsv(setting.budget));
}

std::string Line(const std::string& key, const Cell& cell) {
  return fmt::format("{},{},{},{},,,,,,,,{},{}\n", key, cell.num_questions, Numbers(cell.score),
                     Number(cell.relative), Number(cell.attended_tokens),
                     fmt::format("{:.0f}", cell.index_bytes));
}

std::string Line(const std::string& key, const ContinuationCell& cell) {
  return fmt::format("{},{},,,,,{},{},{},{},{}\n", key, cell.num_continuations,
                     Numbers(cell.perplexity), Numbers(cell.relative), Number(cell.kl),
                     Number(cell.attended_tokens), fmt::format("{:.0f}", cell.index_bytes));
}

}  // namespace

std::string ToCsv(const Summary& summary) {
  std::string csv = kHeader;
  for (const ContextSummary& context : summary.contexts) {
    for (const Row& row : context.rows) {
      for (size_t i = 0; i < row.tasks.size(); ++i) {
        if (!row.tasks[i]) continue;
        csv += Line(Key(context.context, context.tasks[i], "all", row.setting), *row.tasks[i]);
      }
      for (size_t i = 0; i < row.kinds.size(); ++i) {
        if (!row.kinds[i]) continue;
        csv += Line(Key(context.context, "all", context.kinds[i], row.setting), *row.kinds[i]);
      }
      csv += Line(Key(context.context, "all", "all", row.setting), row.all);
    }
    for (const ContinuationCell& cell : context.continuations) {
      csv += Line(Key(context.context, cell.task, "all", cell.setting), cell);
    }
  }
  return csv;
}

}  // namespace dynsplit::eval
