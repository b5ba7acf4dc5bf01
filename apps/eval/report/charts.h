// The figures of the report, as HTML: what is drawn of which results. Marks and axes: plot.h.
#pragma once

#include <string>
#include <vector>

#include "apps/eval/report/depth_map.h"
#include "apps/eval/report/importance.h"
#include "apps/eval/report/summary.h"

namespace dynsplit::eval {

// Score against attended tokens: a panel for each task and one for their mean, a line for each
// method through its budgets, full as a dashed line. `methods` are those of the whole summary, so
// that a method looks the same in every context.
std::string AccuracyCharts(const ContextSummary& context, const std::vector<std::string>& methods);

// A panel for each setting: depth downwards, context lengths side by side.
std::string DepthCharts(const DepthMap& map);

// A panel for each text kind, a bar for each delimiter class with its standard error.
std::string ImportanceCharts(const std::vector<KindImportance>& kinds);

}  // namespace dynsplit::eval
