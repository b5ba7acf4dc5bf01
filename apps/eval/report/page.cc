#include "apps/eval/report/page.h"

#include <fmt/format.h>

#include "apps/common/markup.h"
#include "apps/eval/report/charts.h"
#include "apps/eval/report/grid.h"
#include "apps/eval/report/plot.h"
#include "apps/eval/report/statistics.h"

namespace dynsplit::eval {
namespace {

// The policy makes the browser refuse whatever would come from elsewhere.
constexpr const char* kHead =
    "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>\n"
    "<meta name='viewport' content='width=device-width,initial-scale=1'>\n"
    "<meta http-equiv='Content-Security-Policy' "
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name='color-scheme' content='light dark'>\n";

constexpr const char* kStyle =
    "body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;padding:16px;max-width:1160px;"
    "color:#1f2933;background:#fff}h1{font-size:24px}h2{font-size:19px;margin-top:36px;"
    "border-top:1px solid #cbd2d9;padding-top:18px}h3{font-size:16px}"
    ".panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(var(--width),100%),1fr)"
    ");"
    "gap:14px}figure{margin:0}figcaption{font-weight:600;overflow-wrap:anywhere}"
    ".legend,.facts{list-style:none;padding:0}.legend li{display:inline-block;margin-right:18px;"
    "overflow-wrap:anywhere}.facts{color:#52606d}.scroll{overflow-x:auto;margin:14px 0}"
    "table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;font-weight:600;padding-bottom:4px}"
    "th,td{padding:3px 9px;text-align:right;white-space:nowrap;border-bottom:1px solid #e1e6ea}"
    "tr>:first-child{text-align:left}summary{cursor:pointer}\n"
    "@media (prefers-color-scheme:dark){body{color:#e4e7eb;background:#14181d}"
    "h2{border-color:#3e4c59}.facts{color:#9aa5b1}th,td{border-color:#2d353d}}\n";

std::string Heading(int level, const std::string& text) {
  return fmt::format("<h{0}>{1}</h{0}>\n", level, EscapedMarkup(text));
}

std::string Context(const ContextSummary& context, const std::vector<std::string>& methods) {
  std::string html = Heading(2, fmt::format("At {} tokens of context", context.context));
  if (!context.rows.empty()) {
    html += AccuracyCharts(context, methods) + ToHtml(ScoreGrid(context));
    if (context.kinds.size() > 1) html += ToHtml(KindGrid(context));
  }
  if (!context.paired.empty()) html += ToHtml(PairedGrid(context));
  if (!context.continuations.empty()) html += ToHtml(ContinuationGrid(context));
  return html;
}

std::string Depths(const std::vector<DepthMap>& depths) {
  if (depths.empty()) return "";
  std::string html = Heading(2, "Where in the text the fact stood");
  for (const DepthMap& map : depths) {
    html += Heading(3, map.task) + DepthCharts(map) + "<details><summary>As a table</summary>" +
            ToHtml(DepthGrid(map)) + "</details>\n";
  }
  return html;
}

std::string Importance(const std::vector<KindImportance>& kinds) {
  if (kinds.empty()) return "";
  return Heading(2, "What DD-Select learned of delimiters") + ImportanceCharts(kinds) +
         "<details><summary>As a table</summary>" + ToHtml(ImportanceGrid(kinds)) + "</details>\n";
}

std::string Notes() {
  return Heading(2, "How to read this") +
         "<p>Every question was asked under every method, after one and the same reading of its "
         "document. A task's score is the mean over its text kinds, and the mean weighs tasks "
         "alike. " +
         kIntervalNote +
         " Comparisons of two methods are made question by question; where an interval holds 0, "
         "the difference may be chance. Of full: the score over full's, on the questions that both "
         "answered. Where all questions of a cell scored alike, resampling them shows no spread, "
         "and the interval is narrower than the truth. Attended: tokens that a row attended to "
         "after the document, mean over layers and KV heads. Index: bytes of the block "
         "summaries. Of continuations, and of expected answers that were fed, every token is "
         "measured: KL is how far the method's distribution is from full's, 0 where they are "
         "alike.</p>\n";
}

}  // namespace

std::string ToPage(const Summary& summary, const std::vector<DepthMap>& depths,
                   const std::vector<KindImportance>& importance, const ReportOptions& options) {
  std::string html = kHead + ("<title>" + EscapedMarkup(options.title) + "</title>\n<style>\n") +
                     kStyle + PlotStyle() + "</style></head>\n<body>\n" +
                     Heading(1, options.title) + "<ul class='facts'>\n";
  for (const std::string& line : options.lines) html += "<li>" + EscapedMarkup(line) + "</li>\n";
  html += "</ul>\n";
  for (const ContextSummary& context : summary.contexts) html += Context(context, summary.methods);
  return html + Depths(depths) + Importance(importance) + Notes() + "</body></html>\n";
}

}  // namespace dynsplit::eval
