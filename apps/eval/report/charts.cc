#include "apps/eval/report/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/common/markup.h"
#include "apps/eval/report/plot.h"

namespace dynsplit::eval {
namespace {

constexpr int kPanelWidth = 340;  // a phone's, nearly

std::string PercentLabel(double share) { return fmt::format("{:.0f}", 100 * share); }

std::string TokensLabel(double tokens) {
  return tokens < 1000 ? fmt::format("{:g}", tokens) : fmt::format("{:g}k", tokens / 1000);
}

std::string WeightLabel(double weight) { return fmt::format("{:g}", weight); }

std::string Figure(const std::string& caption, const std::string& svg) {
  return "<figure><figcaption>" + EscapedMarkup(caption) + "</figcaption>\n" + svg + "</figure>\n";
}

// The methods that are drawn as series: all but the one drawn as a dashed line.
std::vector<std::string> SeriesNames(const std::vector<std::string>& methods) {
  std::vector<std::string> names = methods;
  std::erase(names, kReferenceMethod);
  return names;
}

// The panels of one context, which have their axes in common.
struct AccuracyAxes {
  Axis x;
  Axis y;
};

// The cell of a row that a panel shows: a task's, or for task_idx == row.tasks.size() the mean.
const Cell* PanelCell(const Row& row, size_t task_idx) {
  if (task_idx == row.tasks.size()) return &row.all;
  return row.tasks[task_idx] ? &*row.tasks[task_idx] : nullptr;
}

double AttendedTokens(const Cell& cell) { return std::max(1.0, cell.attended_tokens); }

AccuracyAxes MakeAxes(const ContextSummary& context) {
  constexpr double kMargin = 1.3;    // beside the outermost points
  constexpr double kLeastRatio = 4;  // so that there is a tick even with one budget
  double least_tokens = 1e300;
  double most_tokens = 1;
  double least_score = 1;
  for (const Row& row : context.rows) {
    for (size_t i = 0; i <= row.tasks.size(); ++i) {
      const Cell* cell = PanelCell(row, i);
      if (cell == nullptr) continue;
      least_score = std::min(least_score, cell->score.low);
      if (row.setting.method == kReferenceMethod) continue;
      least_tokens = std::min(least_tokens, AttendedTokens(*cell));
      most_tokens = std::max(most_tokens, AttendedTokens(*cell));
    }
  }
  least_tokens = std::min(least_tokens, most_tokens);  // where there is nothing but the reference
  const double middle = std::sqrt(least_tokens * most_tokens);
  const double ratio = std::max(kLeastRatio, most_tokens / least_tokens * kMargin * kMargin);
  // Fifths of the scale that hold no point are left out.
  const double floor = std::clamp(std::floor(least_score * 5) / 5, 0.0, 0.8);
  return {Axis::Log(middle / std::sqrt(ratio), middle * std::sqrt(ratio), 38, 308),
          Axis::Linear(floor, 1, 186, 12)};
}

// The line of one method. Marks of different methods at one budget would hide each other: `shift`
// moves them sideways.
std::string DrawSeries(const std::vector<const Cell*>& cells, size_t series, double shift,
                       const AccuracyAxes& axes) {
  std::vector<Point> points;
  std::string bars;
  std::string marks;
  for (const Cell* cell : cells) {
    const Point at{axes.x.At(AttendedTokens(*cell)) + shift, axes.y.At(cell->score.mean)};
    points.push_back(at);
    bars += SvgLine({at.x, axes.y.At(cell->score.low)}, {at.x, axes.y.At(cell->score.high)});
    marks += SvgMark(series, at);
  }
  return fmt::format("<g class='{}'>{}{}{}</g>\n", SeriesClass(series), SvgPath(points), bars,
                     marks);
}

std::string AccuracyPanel(const ContextSummary& context, size_t task_idx,
                          const std::vector<std::string>& series, const AccuracyAxes& axes) {
  constexpr double kMaxShift = 4;    // pixels between two methods
  constexpr double kMaxSpread = 36;  // between the first and the last
  const std::string name =
      task_idx == context.tasks.size() ? "mean of all tasks" : context.tasks[task_idx];
  std::string svg = SvgBegin(
      kPanelWidth, 226, fmt::format("{} at {} tokens of context", name, context.context),
      "Score in percent against tokens attended to, on a log scale; one line for each method, bars "
      "are 95 % intervals, the dashed line is full attention. Marks are moved sideways a little "
      "where methods share a budget. The figures are in the table of scores.");
  svg += SvgVerticalAxis(axes.x, axes.y, PercentLabel);
  svg += SvgHorizontalAxis(axes.x, axes.y, TokensLabel);
  svg += SvgText({(axes.x.begin() + axes.x.end()) / 2, 220}, Anchor::kMiddle,
                 "tokens attended to (log scale)", "axis-title");
  const double shift = std::min(kMaxShift, kMaxSpread / static_cast<double>(series.size()));
  for (size_t i = 0; i < series.size(); ++i) {
    std::vector<const Cell*> cells;
    for (const Row& row : context.rows) {
      const Cell* cell = row.setting.method == series[i] ? PanelCell(row, task_idx) : nullptr;
      if (cell != nullptr) cells.push_back(cell);
    }
    std::sort(cells.begin(), cells.end(),
              [](const Cell* a, const Cell* b) { return a->attended_tokens < b->attended_tokens; });
    const double from_middle = static_cast<double>(i) - static_cast<double>(series.size() - 1) / 2;
    svg += cells.empty() ? "" : DrawSeries(cells, i, shift * from_middle, axes);
  }
  for (const Row& row : context.rows) {
    const Cell* cell = PanelCell(row, task_idx);
    if (row.setting.method != kReferenceMethod || cell == nullptr) continue;
    const double y = axes.y.At(cell->score.mean);
    svg += SvgLine({axes.x.begin(), y}, {axes.x.end(), y}, "dashed");
    svg += SvgText({axes.x.end() + 4, y + 4}, Anchor::kStart, kReferenceMethod);
  }
  return Figure(name, svg + "</svg>\n");
}

constexpr int kDepthLeft = 44;  // of the cells: room for the depths
constexpr int kCellWidth = 62;
constexpr int kCellHeight = 20;

int DepthPanelWidth(const DepthMap& map) {
  const int num_contexts = static_cast<int>(map.contexts.size());
  return kDepthLeft + kCellWidth * std::max(2, num_contexts) + 4;
}

std::string DepthPanelChart(const DepthMap& map, const DepthPanel& panel) {
  constexpr int kTop = 22;
  std::string svg = SvgBegin(
      DepthPanelWidth(map), kTop + kCellHeight * kNumDepthBins + 4,
      fmt::format("{}: {} by depth and context length", map.task, panel.setting.Name()),
      "Mean scores in percent: rows are depths of the fact asked for, from the beginning of the "
      "text down to its end, columns are context lengths. The figures are in the table below.");
  svg += SvgText({kDepthLeft - 8, kTop - 8}, Anchor::kEnd, "depth", "axis-title");
  for (int bin = 0; bin < kNumDepthBins; ++bin) {
    svg += SvgText({kDepthLeft - 8, kTop + kCellHeight * bin + 14.0}, Anchor::kEnd,
                   DepthBinName(bin), "tick");
  }
  for (size_t i = 0; i < map.contexts.size(); ++i) {
    const double left = kDepthLeft + kCellWidth * static_cast<double>(i);
    const double middle = left + kCellWidth / 2.0;
    svg += SvgText({middle, kTop - 8}, Anchor::kMiddle, std::to_string(map.contexts[i]), "tick");
    for (int bin = 0; bin < kNumDepthBins; ++bin) {
      const auto& score = panel.scores[i][static_cast<size_t>(bin)];
      const Shade shade = ShadeOf(score.value_or(0));
      const int top = kTop + kCellHeight * bin;
      svg += fmt::format("<rect x='{:.1f}' y='{}' width='{}' height='{}' {}/>\n", left, top,
                         kCellWidth - 1, kCellHeight - 1,
                         score ? "fill='" + shade.fill + "'" : "class='empty'");
      svg += SvgText({middle, top + 14.0}, Anchor::kMiddle, score ? PercentLabel(*score) : "-",
                     score ? shade.text_style : "tick");
    }
  }
  return Figure(panel.setting.Name(), svg + "</svg>\n");
}

std::string ImportancePanel(const KindImportance& kind, double low, double high) {
  constexpr int kRowHeight = 24;
  const double bottom = 8 + kRowHeight * static_cast<double>(kind.delimiters.size());
  const Axis x = Axis::Linear(low, high, 76, 246);
  const Axis y = Axis::Linear(0, 1, bottom, 8);  // for the frame alone
  std::string svg =
      SvgBegin(kPanelWidth, static_cast<int>(bottom) + 24, "delimiters in " + kind.kind,
               "Importance of each delimiter class, mean over documents, with its "
               "standard error. The figures are in the table below.");
  svg += SvgHorizontalAxis(x, y, WeightLabel);
  for (size_t i = 0; i < kind.delimiters.size(); ++i) {
    const DelimiterImportance& bar = kind.delimiters[i];
    const double top = 8 + kRowHeight * static_cast<double>(i);
    const double middle = top + kRowHeight / 2.0;
    const double left = std::min(x.At(0), x.At(bar.weight));
    svg += SvgText({70, middle + 4}, Anchor::kEnd, bar.delimiter);
    svg += fmt::format(
        "<g class='{}'><rect class='mark' x='{:.1f}' y='{:.1f}' width='{:.1f}' height='14'/></g>\n",
        SeriesClass(0), left, top + 5, std::abs(x.At(bar.weight) - x.At(0)));
    svg += SvgLine({x.At(bar.weight - bar.standard_error), middle},
                   {x.At(bar.weight + bar.standard_error), middle}, "whisker");
    svg += SvgText({336, middle + 4}, Anchor::kEnd,
                   fmt::format("{:+.2f} ± {:.2f}", bar.weight, bar.standard_error), "tick");
  }
  svg += SvgLine({x.At(0), 8}, {x.At(0), bottom}, "axis");
  return Figure(kind.kind, svg + "</svg>\n");
}

// As many side by side as the page has room for.
std::string Panels(int panel_width, const std::string& figures) {
  return fmt::format("<div class='panels' style='--width:{}px'>\n{}</div>\n", panel_width, figures);
}

}  // namespace

std::string AccuracyCharts(const ContextSummary& context, const std::vector<std::string>& methods) {
  const std::vector<std::string> series = SeriesNames(methods);
  const AccuracyAxes axes = MakeAxes(context);
  std::string figures = AccuracyPanel(context, context.tasks.size(), series, axes);
  for (size_t i = 0; i < context.tasks.size(); ++i) {
    figures += AccuracyPanel(context, i, series, axes);
  }
  return LegendHtml(series) + Panels(kPanelWidth, figures);
}

std::string DepthCharts(const DepthMap& map) {
  std::string figures;
  for (const DepthPanel& panel : map.panels) figures += DepthPanelChart(map, panel);
  return Panels(DepthPanelWidth(map), figures);
}

std::string ImportanceCharts(const std::vector<KindImportance>& kinds) {
  double low = 0;
  double high = 0;
  for (const KindImportance& kind : kinds) {
    for (const DelimiterImportance& bar : kind.delimiters) {
      low = std::min(low, bar.weight - bar.standard_error);
      high = std::max(high, bar.weight + bar.standard_error);
    }
  }
  if (low == high) high = 1;  // nothing was learned: all weights are 0
  std::string figures;
  for (const KindImportance& kind : kinds) figures += ImportancePanel(kind, low, high);
  return Panels(kPanelWidth, figures);
}

}  // namespace dynsplit::eval
