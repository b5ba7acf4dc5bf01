#include "apps/eval/report/report.h"

#include "apps/common/markup.h"
#include "apps/common/write_file.h"
#include "apps/eval/report/csv.h"
#include "apps/eval/report/grid.h"
#include "apps/eval/report/statistics.h"

namespace dynsplit::eval {
namespace {

// The tables of a context that have rows.
std::vector<Grid> Grids(const Summary& summary) {
  std::vector<Grid> grids;
  for (const ContextSummary& context : summary.contexts) {
    grids.push_back(ScoreGrid(context));
    if (context.kinds.size() > 1) grids.push_back(KindGrid(context));
    grids.push_back(PairedGrid(context));
    grids.push_back(ContinuationGrid(context));
  }
  std::erase_if(grids, [](const Grid& grid) { return grid.rows.empty(); });
  return grids;
}

std::string Markdown(const Summary& summary, const ReportOptions& options) {
  std::string text = "# " + EscapedMarkdown(options.title) + "\n\n";
  for (const std::string& line : options.lines) text += "- " + EscapedMarkdown(line) + "\n";
  if (!options.lines.empty()) text += "\n";
  for (const Grid& grid : Grids(summary)) text += ToMarkdown(grid);
  return text + kIntervalNote + "\n";
}

}  // namespace

Status WriteReports(const std::string& dir, const std::vector<Record>& records,
                    const std::vector<ImportanceRecord>& importance, const ReportOptions& options) {
  const auto summary = Summarize(records, options.baseline);
  if (!summary.ok()) return summary.status();
  DYNSPLIT_RETURN_IF_ERROR(WriteFile(dir + "/summary.csv", ToCsv(*summary)));
  DYNSPLIT_RETURN_IF_ERROR(WriteFile(dir + "/summary.md", Markdown(*summary, options)));
  return WriteFile(dir + "/report.html",
                   ToPage(*summary, DepthMaps(records), AverageImportance(importance), options));
}

Result<std::string> SummaryTable(const std::vector<Record>& records, const ReportOptions& options) {
  const auto summary = Summarize(records, options.baseline);
  if (!summary.ok()) return summary.status();
  std::string text;
  for (const Grid& grid : Grids(*summary)) text += (text.empty() ? "" : "\n") + ToText(grid);
  return text;
}

}  // namespace dynsplit::eval
