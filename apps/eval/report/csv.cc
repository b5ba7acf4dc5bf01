#include "apps/eval/report/csv.h"

#include <fmt/format.h>

#include <vector>

#include "apps/common/markup.h"

namespace dynsplit::eval {
namespace {

constexpr const char* kHeader =
    "context,task,kind,method,budget,questions,score,score_low,score_high,relative_to_full,"
    "perplexity,perplexity_low,perplexity_high,perplexity_to_full,perplexity_to_full_low,"
    "perplexity_to_full_high,kl,kl_low,kl_high,same_top,same_top_low,same_top_high,"
    "attended_tokens,index_bytes\n";
// For the columns from score to relative_to_full, and from perplexity to same_top_high.
constexpr const char* kNoScore = ",,,";
constexpr const char* kNoContinuation = ",,,,,,,,,,,";

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

std::string Line(const std::string& key, int64_t num_questions, const std::string& figures,
                 double attended_tokens, double index_bytes) {
  return fmt::format("{},{},{},{},{:.0f}\n", key, num_questions, figures, Number(attended_tokens),
                     index_bytes);
}

std::string Line(const std::string& key, const Cell& cell) {
  const std::string figures =
      fmt::format("{},{},{}", Numbers(cell.score), Number(cell.relative), kNoContinuation);
  return Line(key, cell.num_questions, figures, cell.attended_tokens, cell.index_bytes);
}

std::string Line(const std::string& key, const ContinuationCell& cell) {
  const std::string figures =
      fmt::format("{},{},{},{},{}", kNoScore, Numbers(cell.perplexity), Numbers(cell.relative),
                  Numbers(cell.kl), Numbers(cell.same_top));
  return Line(key, cell.num_continuations, figures, cell.attended_tokens, cell.index_bytes);
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
        csv += Line(Key(context.context, kAllTasks, context.kinds[i], row.setting), *row.kinds[i]);
      }
      csv += Line(Key(context.context, kAllTasks, "all", row.setting), row.all);
    }
    for (const ContinuationCell& cell : context.continuations) {
      csv += Line(Key(context.context, cell.task, "all", cell.setting), cell);
    }
  }
  return csv;
}

}  // namespace dynsplit::eval
