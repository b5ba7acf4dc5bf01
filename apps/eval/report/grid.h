// Tables of words and figures, made once and shown in Markdown, in HTML and on a terminal.
#pragma once

#include <string>
#include <vector>

#include "apps/eval/report/depth_map.h"
#include "apps/eval/report/importance.h"
#include "apps/eval/report/summary.h"

namespace dynsplit::eval {

struct Grid {
  std::string caption;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // each as long as the header
};

// Rows are settings; columns are tasks, and the mean with its interval.
Grid ScoreGrid(const ContextSummary& context);
// The same by text kind.
Grid KindGrid(const ContextSummary& context);
// Every setting against the baseline. Differences of tasks that may be chance are in brackets.
Grid PairedGrid(const ContextSummary& context);
// Rows are settings, task by task; the mean over tasks comes last.
Grid ContinuationGrid(const ContextSummary& context);
// One task's needles: rows are settings and contexts, columns depths.
Grid DepthGrid(const DepthMap& map);
Grid ImportanceGrid(const std::vector<KindImportance>& kinds);

// A caption, an empty line, a table (GitHub's), an empty line.
std::string ToMarkdown(const Grid& grid);
// A <table> in an element that scrolls by itself where the screen is narrow.
std::string ToHtml(const Grid& grid);
std::string ToText(const Grid& grid);

}  // namespace dynsplit::eval
