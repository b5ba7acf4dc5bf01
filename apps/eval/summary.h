// The mean scores of a run, as a table for people.
#pragma once

#include <span>
#include <string>

#include "apps/eval/record.h"

namespace dynsplit::eval {

// A line for each task, context, method and budget, in the order in which they first occur.
std::string SummaryTable(std::span<const Record> records);

}  // namespace dynsplit::eval
