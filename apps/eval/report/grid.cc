#include "apps/eval/report/grid.h"

#include <fmt/format.h>

#include <cmath>

#include "apps/common/figures.h"
#include "apps/common/markup.h"

namespace dynsplit::eval {
namespace {

constexpr const char* kNone = "-";

std::string Percent(double share) { return fmt::format("{:.1f}", 100 * share); }
// Without the sign of what only rounds to 0.
std::string Points(double share) {
  return std::abs(share) < 0.0005 ? "0.0" : fmt::format("{:+.1f}", 100 * share);
}

std::string WithInterval(const Estimate& e, int decimals, double scale = 1) {
  return fmt::format("{1:.{0}f} [{2:.{0}f}, {3:.{0}f}]", decimals, scale * e.mean, scale * e.low,
                     scale * e.high);
}

std::string PercentWithInterval(const Estimate& e, int decimals = 1) {
  return WithInterval(e, decimals, 100);
}

std::string PointsWithInterval(const Estimate& e) {
  return fmt::format("{} [{}, {}]", Points(e.mean), Points(e.low), Points(e.high));
}

// Says so where a mean over tasks is not of all of them.
std::string OfTasks(const std::string& mean, size_t num_tasks, size_t num_all) {
  return num_tasks == num_all ? mean : fmt::format("{} ({} of {} tasks)", mean, num_tasks, num_all);
}

std::string TaskName(const ContinuationCell& cell, const ContextSummary& context) {
  if (cell.task != kAllTasks) return cell.task;
  return OfTasks(cell.task, cell.num_tasks, context.continuation_tasks.size());
}

void AddHeader(Grid& grid, const std::vector<std::string>& names) {
  grid.header.insert(grid.header.end(), names.begin(), names.end());
}

std::string TaskDifference(const std::optional<Paired>& paired) {
  if (!paired) return kNone;
  const std::string difference = Points(paired->difference.mean);
  return paired->MayBeChance() ? "(" + difference + ")" : difference;
}

std::string HtmlRow(const std::vector<std::string>& cells, bool is_header) {
  std::string html = "<tr>";
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string text = EscapedMarkup(cells[i]);
    if (is_header) {
      html += "<th scope='col'>" + text + "</th>";
    } else if (i == 0) {
      html += "<th scope='row'>" + text + "</th>";
    } else {
      html += "<td>" + text + "</td>";
    }
  }
  return html + "</tr>\n";
}

std::string MarkdownRow(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += " " + EscapedMarkdown(cell) + " |";
  return line + "\n";
}

}  // namespace

Grid ScoreGrid(const ContextSummary& context) {
  Grid grid{fmt::format("Scores at {} tokens of context, in %", context.context),
            {"method", "budget"},
            {}};
  AddHeader(grid, context.tasks);
  AddHeader(grid, {"mean [95 %]", "of full", "questions", "attended", "index"});
  for (const Row& row : context.rows) {
    std::vector<std::string> cells = {row.setting.method, row.setting.budget};
    for (const auto& cell : row.tasks) cells.push_back(cell ? Percent(cell->score.mean) : kNone);
    cells.push_back(
        OfTasks(PercentWithInterval(row.all.score), row.num_tasks, context.tasks.size()));
    cells.push_back(row.all.relative ? Percent(*row.all.relative) : kNone);
    cells.push_back(std::to_string(row.all.num_questions));
    cells.push_back(fmt::format("{:.0f}", row.all.attended_tokens));
    cells.push_back(FormatBytes(static_cast<int64_t>(row.all.index_bytes)));
    grid.rows.push_back(std::move(cells));
  }
  return grid;
}

Grid KindGrid(const ContextSummary& context) {
  Grid grid{
      fmt::format("By text kind at {} tokens of context, in %, with the share of full's score",
                  context.context),
      {"method", "budget"},
      {}};
  AddHeader(grid, context.kinds);
  for (const Row& row : context.rows) {
    std::vector<std::string> cells = {row.setting.method, row.setting.budget};
    for (const auto& cell : row.kinds) {
      std::string text = cell ? PercentWithInterval(cell->score) : kNone;
      if (cell && cell->relative) text += " " + Percent(*cell->relative) + " %";
      cells.push_back(std::move(text));
    }
    grid.rows.push_back(std::move(cells));
  }
  return grid;
}

Grid PairedGrid(const ContextSummary& context) {
  Grid grid{fmt::format("On the same questions at {} tokens of context: score less the other's, in "
                        "points; a task's figure is in brackets where its 95 % interval holds 0",
                        context.context),
            {"method", "against", "pairs", "difference [95 %]", "won", "lost", "tied", "unpaired"},
            {}};
  AddHeader(grid, context.tasks);
  for (const PairedRow& row : context.paired) {
    std::vector<std::string> cells = {row.setting.Name(),
                                      row.baseline.Name(),
                                      std::to_string(row.all.NumPairs()),
                                      PointsWithInterval(row.all.difference),
                                      std::to_string(row.all.won),
                                      std::to_string(row.all.lost),
                                      std::to_string(row.all.tied),
                                      std::to_string(row.all.unpaired)};
    for (const auto& paired : row.tasks) cells.push_back(TaskDifference(paired));
    grid.rows.push_back(std::move(cells));
  }
  return grid;
}

Grid ContinuationGrid(const ContextSummary& context) {
  Grid grid{fmt::format("Continuations at {} tokens of context, or expected answers that were fed: "
                        "perplexity, KL(full || method) in nats a token, and tokens of which both "
                        "think the same one likeliest",
                        context.context),
            {"method", "budget", "task", "texts", "perplexity [95 %]", "of full's, % [95 %]",
             "KL [95 %]", "same top, % [95 %]", "attended", "index"},
            {}};
  for (const ContinuationCell& cell : context.continuations) {
    grid.rows.push_back({cell.setting.method, cell.setting.budget, TaskName(cell, context),
                         std::to_string(cell.num_continuations), WithInterval(cell.perplexity, 3),
                         cell.relative ? PercentWithInterval(*cell.relative, 2) : kNone,
                         WithInterval(cell.kl, 4), PercentWithInterval(cell.same_top),
                         fmt::format("{:.0f}", cell.attended_tokens),
                         FormatBytes(static_cast<int64_t>(cell.index_bytes))});
  }
  return grid;
}

Grid DepthGrid(const DepthMap& map) {
  Grid grid{"Scores by depth in % (0.0 is the beginning): " + map.task, {"method", "context"}, {}};
  for (int bin = 0; bin < kNumDepthBins; ++bin) grid.header.push_back(DepthBinName(bin));
  for (const DepthPanel& panel : map.panels) {
    for (size_t i = 0; i < map.contexts.size(); ++i) {
      std::vector<std::string> cells = {panel.setting.Name(), std::to_string(map.contexts[i])};
      for (const auto& score : panel.scores[i]) cells.push_back(score ? Percent(*score) : kNone);
      grid.rows.push_back(std::move(cells));
    }
  }
  return grid;
}

Grid ImportanceGrid(const std::vector<KindImportance>& kinds) {
  Grid grid{"What DD-Select learned: importance of the delimiter classes, mean over documents",
            {"text kind", "delimiter", "documents", "places", "importance", "standard error"},
            {}};
  for (const KindImportance& kind : kinds) {
    for (const DelimiterImportance& bar : kind.delimiters) {
      grid.rows.push_back({kind.kind, bar.delimiter, std::to_string(bar.num_documents),
                           std::to_string(bar.num_places), fmt::format("{:+.3f}", bar.weight),
                           fmt::format("{:.3f}", bar.standard_error)});
    }
  }
  return grid;
}

std::string ToMarkdown(const Grid& grid) {
  std::string text = EscapedMarkdown(grid.caption) + "\n\n" + MarkdownRow(grid.header) + "|";
  for (size_t i = 0; i < grid.header.size(); ++i) text += "---|";
  text += "\n";
  for (const auto& row : grid.rows) text += MarkdownRow(row);
  return text + "\n";
}

std::string ToHtml(const Grid& grid) {
  const std::string caption = EscapedMarkup(grid.caption);
  std::string html = "<div class='scroll' role='region' tabindex='0' aria-label='" + caption +
                     "'><table>\n<caption>" + caption + "</caption>\n<thead>" +
                     HtmlRow(grid.header, true) + "</thead>\n<tbody>\n";
  for (const auto& row : grid.rows) html += HtmlRow(row, false);
  return html + "</tbody></table></div>\n";
}

std::string ToText(const Grid& grid) {
  Table table(grid.header);
  for (const auto& row : grid.rows) table.AddRow(row);
  return grid.caption + "\n" + table.ToString();
}

}  // namespace dynsplit::eval
