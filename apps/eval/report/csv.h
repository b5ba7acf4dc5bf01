// A summary as CSV (RFC 4180), for spreadsheets and scripts.
#pragma once

#include <string>

#include "apps/eval/report/summary.h"

namespace dynsplit::eval {

// One line a cell. A line's task or kind is "all" where it is a mean over them; figures that a
// cell does not have are empty. Scores, relative scores and same_top are shares, not percentages.
std::string ToCsv(const Summary& summary);

}  // namespace dynsplit::eval
