// The report as one HTML page that needs nothing else: no script, no file, no network.
#pragma once

#include <string>
#include <vector>

#include "apps/eval/report/depth_map.h"
#include "apps/eval/report/importance.h"
#include "apps/eval/report/summary.h"

namespace dynsplit::eval {

struct ReportOptions {
  std::string baseline;  // see Summarize
  std::string title = "dynsplit eval";
  std::vector<std::string> lines;  // below the title: model, build, instruction set, threads
};

std::string ToPage(const Summary& summary, const std::vector<DepthMap>& depths,
                   const std::vector<KindImportance>& importance, const ReportOptions& options);

}  // namespace dynsplit::eval
