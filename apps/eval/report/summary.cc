#include "apps/eval/report/summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace dynsplit::eval {
namespace {

// What a record is measured by.
using Measure = double (*)(const Record&);

double Score(const Record& record) { return record.score; }
double SameTop(const Record& record) { return record.score; }  // of those with nll
double Nll(const Record& record) { return record.nll.value_or(0); }
double Kl(const Record& record) { return record.kl.value_or(0); }

std::string TaskOf(const Record& record) { return record.task; }
std::string KindOf(const Record& record) { return record.kind; }

template <typename Value>
std::vector<double> Values(const RecordPointers& records, Value value) {
  std::vector<double> values;
  for (const Record* record : records) values.push_back(static_cast<double>(value(*record)));
  return values;
}

double MeanAttended(const RecordPointers& records) {
  return Mean(Values(records, [](const Record& r) { return r.attended_tokens; }));
}

double MeanIndexBytes(const RecordPointers& records) {
  return Mean(Values(records, [](const Record& r) { return r.index_bytes; }));
}

void AddOnce(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// The records whose `part` (task or text kind) is `name`.
RecordPointers Where(const RecordPointers& records, std::string (*part)(const Record&),
                     const std::string& name) {
  RecordPointers found;
  std::copy_if(records.begin(), records.end(), std::back_inserter(found),
               [&](const Record* record) { return part(*record) == name; });
  return found;
}

Sample ResampleCell(const RecordPointers& records, Measure measure, Rng& rng) {
  ByDocument cell;
  for (const Record* record : records) cell[DocumentOf(*record)].push_back(measure(*record));
  return Resample(cell, rng);
}

// A cell of one task and text kind, or a mean of such.
struct Part {
  int64_t num_questions = 0;
  std::vector<Sample> measures;  // as those that MakeParts is given
  double attended_tokens = 0;
  double index_bytes = 0;
};

// By task and text kind.
using Parts = std::map<std::pair<std::string, std::string>, Part>;

// The records are of one context and setting. One generator makes all the samples.
Parts MakeParts(const RecordPointers& records, const std::vector<Measure>& measures) {
  std::map<Parts::key_type, RecordPointers> cells;
  for (const Record* record : records) cells[{record->task, record->kind}].push_back(record);
  Rng rng(1);
  Parts parts;
  for (const auto& [key, cell] : cells) {
    Part& part = parts[key];
    part = {.num_questions = static_cast<int64_t>(cell.size()),
            .measures = {},
            .attended_tokens = MeanAttended(cell),
            .index_bytes = MeanIndexBytes(cell)};
    for (const Measure of : measures) part.measures.push_back(ResampleCell(cell, of, rng));
  }
  return parts;
}

// There must be at least one.
Part MeanOfParts(const std::vector<Part>& parts) {
  Part mean;
  const double count = static_cast<double>(parts.size());
  for (const Part& part : parts) {
    mean.num_questions += part.num_questions;
    mean.attended_tokens += part.attended_tokens / count;
    mean.index_bytes += part.index_bytes / count;
  }
  for (size_t i = 0; i < parts.front().measures.size(); ++i) {
    std::vector<Sample> samples;
    for (const Part& part : parts) samples.push_back(part.measures[i]);
    mean.measures.push_back(MeanOf(samples));
  }
  return mean;
}

// None where there is no such part.
template <typename Matches>
std::optional<Part> MeanWhere(const Parts& parts, Matches matches) {
  std::vector<Part> found;
  for (const auto& [key, part] : parts) {
    if (matches(key)) found.push_back(part);
  }
  return found.empty() ? std::nullopt : std::optional(MeanOfParts(found));
}

// The mean over the task's text kinds.
std::optional<Part> OfTask(const Parts& parts, const std::string& task) {
  return MeanWhere(parts, [&](const auto& key) { return key.first == task; });
}

std::optional<Part> OfKind(const Parts& parts, const std::string& kind) {
  return MeanWhere(parts, [&](const auto& key) { return key.second == kind; });
}

Cell ToCell(const Part& part) {
  return {.num_questions = part.num_questions,
          .score = ToEstimate(part.measures.front()),
          .attended_tokens = part.attended_tokens,
          .index_bytes = part.index_bytes,
          .relative = {}};
}

std::optional<Cell> ToCell(const std::optional<Part>& part) {
  return part ? std::optional(ToCell(*part)) : std::nullopt;
}

// The scored records of one context and setting.
Row MakeRow(const Setting& setting, const RecordPointers& records, const ContextSummary& context) {
  const Parts parts = MakeParts(records, {Score});
  Row row{.setting = setting, .tasks = {}, .kinds = {}, .all = {}};
  std::vector<Part> of_tasks;
  for (const std::string& task : context.tasks) {
    const std::optional<Part> part = OfTask(parts, task);
    row.tasks.push_back(ToCell(part));
    if (part) of_tasks.push_back(*part);
  }
  for (const std::string& kind : context.kinds) row.kinds.push_back(ToCell(OfKind(parts, kind)));
  row.all = ToCell(MeanOfParts(of_tasks));
  row.num_tasks = of_tasks.size();
  return row;
}

// `records` are the row's own, `reference` those of full.
void SetRelative(const RecordPointers& records, const RecordPointers& reference,
                 const ContextSummary& context, Row* row) {
  const auto set = [&](std::string (*part)(const Record&), const std::vector<std::string>& names,
                       std::vector<std::optional<Cell>>* cells) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (!(*cells)[i]) continue;
      (*cells)[i]->relative =
          PairedRatio(Where(records, part, names[i]), Where(reference, part, names[i]), Score);
    }
  };
  set(TaskOf, context.tasks, &row->tasks);
  set(KindOf, context.kinds, &row->kinds);
  row->all.relative = PairedRatio(records, reference, Score);
}

// One context's records, by setting, in the order of the summary.
using BySetting = std::vector<std::pair<Setting, RecordPointers>>;

// None where full was not run.
RecordPointers ReferenceRecords(const BySetting& settings) {
  for (const auto& [setting, records] : settings) {
    if (setting.method == kReferenceMethod) return records;
  }
  return {};
}

PairedRow MakePairedRow(const BySetting::value_type& ours, const BySetting::value_type& baseline,
                        const ContextSummary& context) {
  PairedRow row{.setting = ours.first,
                .baseline = baseline.first,
                .all = ComparePaired(ours.second, baseline.second, Score),
                .tasks = {}};
  for (const std::string& task : context.tasks) {
    const Paired paired = ComparePaired(Where(ours.second, TaskOf, task),
                                        Where(baseline.second, TaskOf, task), Score);
    row.tasks.push_back(paired.NumPairs() > 0 ? std::optional(paired) : std::nullopt);
  }
  return row;
}

std::vector<PairedRow> PairedRows(const BySetting& settings, const std::string& baseline,
                                  const ContextSummary& context) {
  std::vector<PairedRow> rows;
  for (const auto& ours : settings) {
    if (ours.first.method == baseline) continue;
    for (const auto& other : settings) {
      const std::string& budget = other.first.budget;
      const bool comparable =
          ours.first.budget.empty() || budget.empty() || ours.first.budget == budget;
      if (other.first.method == baseline && comparable) {
        rows.push_back(MakePairedRow(ours, other, context));
      }
    }
  }
  return rows;
}

Estimate Exp(const Estimate& e) { return {std::exp(e.mean), std::exp(e.low), std::exp(e.high)}; }

// `part` is of `records`; `reference` are full's.
ContinuationCell MakeContinuation(const std::string& task, const Setting& setting, const Part& part,
                                  const RecordPointers& records, const RecordPointers& reference) {
  ContinuationCell cell{.task = task,
                        .setting = setting,
                        .num_continuations = part.num_questions,
                        .perplexity = Exp(ToEstimate(part.measures[0])),
                        .relative = {},
                        .kl = ToEstimate(part.measures[1]),
                        .same_top = ToEstimate(part.measures[2]),
                        .attended_tokens = part.attended_tokens,
                        .index_bytes = part.index_bytes};
  const Paired paired = ComparePaired(records, reference, Nll);
  if (paired.NumPairs() > 0) cell.relative = Exp(paired.difference);
  return cell;
}

// Those of one setting, in the order of the tasks, then the mean over them, where there are several
// tasks: of as many as the setting has.
std::vector<ContinuationCell> ContinuationsOf(const BySetting::value_type& ours,
                                              const RecordPointers& reference,
                                              const std::vector<std::string>& tasks) {
  const auto& [setting, records] = ours;
  const Parts parts = MakeParts(records, {Nll, Kl, SameTop});
  std::vector<ContinuationCell> cells;
  std::vector<Part> of_tasks;
  for (const std::string& task : tasks) {
    const std::optional<Part> part = OfTask(parts, task);
    if (!part) continue;
    cells.push_back(MakeContinuation(task, setting, *part, Where(records, TaskOf, task),
                                     Where(reference, TaskOf, task)));
    of_tasks.push_back(*part);
  }
  if (tasks.size() > 1) {
    cells.push_back(
        MakeContinuation(kAllTasks, setting, MeanOfParts(of_tasks), records, reference));
    cells.back().num_tasks = of_tasks.size();
  }
  return cells;
}

// By task, in turn, so that the settings of one stand together.
std::vector<ContinuationCell> Continuations(const BySetting& settings,
                                            const std::vector<std::string>& tasks) {
  const RecordPointers reference = ReferenceRecords(settings);
  std::vector<ContinuationCell> cells;
  for (const auto& setting : settings) {
    for (ContinuationCell& cell : ContinuationsOf(setting, reference, tasks)) {
      cells.push_back(std::move(cell));
    }
  }
  const auto place = [&](const ContinuationCell& cell) {
    return std::find(tasks.begin(), tasks.end(), cell.task);  // "all" is none of them, so the last
  };
  std::stable_sort(cells.begin(), cells.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
  return cells;
}

// The settings of one context that have records for which `wanted` holds; methods and budgets in
// the order in which they first occur.
template <typename Wanted>
BySetting GroupBySetting(const RecordPointers& records, Wanted wanted) {
  std::vector<std::string> methods;
  std::vector<std::string> budgets;
  std::map<Setting, RecordPointers> groups;
  for (const Record* record : records) {
    AddOnce(methods, record->method);
    AddOnce(budgets, record->budget);
    if (wanted(*record)) groups[{record->method, record->budget}].push_back(record);
  }
  BySetting ordered;
  for (const std::string& method : methods) {
    for (const std::string& budget : budgets) {
      const auto group = groups.find({method, budget});
      if (group != groups.end()) ordered.emplace_back(group->first, std::move(group->second));
    }
  }
  return ordered;
}

ContextSummary SummarizeContext(const RecordPointers& records, const std::string& baseline) {
  ContextSummary context;
  context.context = records.front()->context;
  for (const Record* record : records) {
    AddOnce(record->nll ? context.continuation_tasks : context.tasks, record->task);
    if (!record->nll) AddOnce(context.kinds, record->kind);
  }
  const BySetting scored = GroupBySetting(records, [](const Record& r) { return !r.nll; });
  for (const auto& [setting, of_setting] : scored) {
    context.rows.push_back(MakeRow(setting, of_setting, context));
  }
  const RecordPointers reference = ReferenceRecords(scored);
  for (size_t i = 0; i < scored.size(); ++i) {
    SetRelative(scored[i].second, reference, context, &context.rows[i]);
  }
  context.paired = PairedRows(scored, baseline, context);
  context.continuations =
      Continuations(GroupBySetting(records, [](const Record& r) { return r.nll.has_value(); }),
                    context.continuation_tasks);
  return context;
}

Status CheckUnique(const std::vector<Record>& records) {
  std::set<std::tuple<std::string, std::string, int64_t, Setting>> seen;
  for (const Record& record : records) {
    const Setting setting{record.method, record.budget};
    if (!seen.emplace(record.task, record.id, record.context, setting).second) {
      return InvalidArgument("results: task " + record.task + ", question " + record.id +
                             ", context " + std::to_string(record.context) +
                             " has two records of " + setting.Name());
    }
  }
  return {};
}

Result<std::string> FindBaseline(const std::vector<std::string>& methods,
                                 const std::string& wanted) {
  if (wanted.empty()) {
    const auto found = std::find_if(methods.begin(), methods.end(), [](const std::string& name) {
      return name.starts_with("dynsplit");
    });
    return found == methods.end() ? std::string() : *found;
  }
  if (std::find(methods.begin(), methods.end(), wanted) != methods.end()) return wanted;
  std::string names;
  for (const std::string& method : methods) names += (names.empty() ? "" : ", ") + method;
  return InvalidArgument("baseline " + wanted + ": no results; there are some of " + names);
}

}  // namespace

Result<Summary> Summarize(const std::vector<Record>& records, const std::string& baseline) {
  if (records.empty()) return InvalidArgument("there are no results to report");
  DYNSPLIT_RETURN_IF_ERROR(CheckUnique(records));
  Summary summary;
  std::map<int64_t, RecordPointers> contexts;
  for (const Record& record : records) {
    AddOnce(summary.methods, record.method);
    contexts[record.context].push_back(&record);
  }
  const auto chosen = FindBaseline(summary.methods, baseline);
  if (!chosen.ok()) return chosen.status();
  for (const auto& [context, of_context] : contexts) {
    summary.contexts.push_back(SummarizeContext(of_context, *chosen));
  }
  return summary;
}

}  // namespace dynsplit::eval
