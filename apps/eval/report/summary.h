// Records, added up: what the CSV, Markdown and HTML writers and the terminal show alike.
// A task's figure is the mean over its text kinds, and "all" is the mean over tasks, so that each
// counts the same however many questions it has. Continuations and fed answers (records with nll
// and kl) have no score and are kept apart.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/eval/record.h"
#include "apps/eval/report/paired.h"
#include "apps/eval/report/statistics.h"
#include "dynsplit/status.h"

namespace dynsplit::eval {

// The method that others are put in relation to.
inline constexpr const char* kReferenceMethod = "full";
// What stands for a task where a figure is the mean over tasks.
inline constexpr const char* kAllTasks = "all";

struct Setting {
  std::string method;
  std::string budget;

  auto operator<=>(const Setting&) const = default;
  std::string Name() const { return budget.empty() ? method : method + " " + budget; }
};

struct Cell {
  int64_t num_questions = 0;
  Estimate score;
  double attended_tokens = 0;  // mean
  double index_bytes = 0;      // mean
  // Score / full's, on the questions that both answered; none without one, or where full scores 0.
  std::optional<double> relative;
};

struct Row {
  Setting setting;
  std::vector<std::optional<Cell>> tasks;  // as ContextSummary::tasks
  std::vector<std::optional<Cell>> kinds;  // as ContextSummary::kinds; means over tasks
  Cell all;
  size_t num_tasks = 0;  // that `all` is the mean of
};

struct PairedRow {
  Setting setting;
  Setting baseline;                          // of the same budget, where both have one
  Paired all;                                // setting less baseline
  std::vector<std::optional<Paired>> tasks;  // as ContextSummary::tasks; none without a pair
};

// Continuations or fed answers of one task, or the mean over tasks.
struct ContinuationCell {
  std::string task;      // kAllTasks: the mean over them
  size_t num_tasks = 1;  // that it is the mean of
  Setting setting;
  int64_t num_continuations = 0;
  Estimate perplexity;               // exp of the mean nll
  std::optional<Estimate> relative;  // to full's, on the continuations that both have
  Estimate kl;
  Estimate same_top;           // share of tokens for which full thinks the same one likeliest
  double attended_tokens = 0;  // mean
  double index_bytes = 0;      // mean
};

struct ContextSummary {
  int64_t context = 0;
  std::vector<std::string> tasks;  // in the order of the records, as methods and budgets are
  std::vector<std::string> kinds;
  std::vector<Row> rows;
  std::vector<PairedRow> paired;
  std::vector<std::string> continuation_tasks;
  std::vector<ContinuationCell> continuations;  // by task; kAllTasks last, where there are several
};

struct Summary {
  std::vector<std::string> methods;      // in the order of the records
  std::vector<ContextSummary> contexts;  // ascending
};

// `baseline` is the method that all others are compared with; "" takes the first whose name starts
// with "dynsplit", if there is one. InvalidArgument for no records, for a baseline that has none,
// and for two records of one question, method and budget.
Result<Summary> Summarize(const std::vector<Record>& records, const std::string& baseline);

}  // namespace dynsplit::eval
