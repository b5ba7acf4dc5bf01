// From results to summary.csv, summary.md and report.html, and to a table on the terminal.
#pragma once

#include <string>
#include <vector>

#include "apps/eval/record.h"
#include "apps/eval/report/page.h"

namespace dynsplit::eval {

// Writes the three files to the folder `dir`, which must exist; each is there whole or not at all.
// Errors as Summarize; NotFound or IoError with the path.
Status WriteReports(const std::string& dir, const std::vector<Record>& records,
                    const std::vector<ImportanceRecord>& importance, const ReportOptions& options);

// The tables of summary.md, for the terminal.
Result<std::string> SummaryTable(const std::vector<Record>& records, const ReportOptions& options);

}  // namespace dynsplit::eval
