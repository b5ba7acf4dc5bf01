#include "apps/eval/report/summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace dynsplit::eval {
namespace {

double Score(const Record& record) { return record.score; }
double Nll(const Record& record) { return *record.nll; }

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

Sample ResampleCell(const RecordPointers& records, double (*value)(const Record&), Rng& rng) {
  ByDocument cell;
  for (const Record* record : records) cell[DocumentOf(*record)].push_back(value(*record));
  return Resample(cell, rng);
}

// A cell of one text kind, or a mean of such.
struct Part {
  int64_t num_questions = 0;
  Sample score;
  double attended_tokens = 0;
  double index_bytes = 0;
};

Part MeanOfParts(const std::vector<const Part*>& parts) {
  Part mean;
  std::vector<Sample> scores;
  const double count = static_cast<double>(parts.size());
  for (const Part* part : parts) {
    mean.num_questions += part->num_questions;
    mean.attended_tokens += part->attended_tokens / count;
    mean.index_bytes += part->index_bytes / count;
    scores.push_back(part->score);
  }
  mean.score = MeanOf(scores);
  return mean;
}

Cell ToCell(const Part& part) {
  return {.num_questions = part.num_questions,
          .score = ToEstimate(part.score),
          .attended_tokens = part.attended_tokens,
          .index_bytes = part.index_bytes,
          .relative = {}};
}

// The scored records of one context and setting.
Row MakeRow(const Setting& setting, const RecordPointers& records, const ContextSummary& context) {
  std::map<std::pair<std::string, std::string>, RecordPointers> cells;  // by task and kind
  for (const Record* record : records) cells[{record->task, record->kind}].push_back(record);
  Rng rng(1);
  std::map<std::pair<std::string, std::string>, Part> parts;
  for (const auto& [key, cell] : cells) {
    parts[key] = {.num_questions = static_cast<int64_t>(cell.size()),
                  .score = ResampleCell(cell, Score, rng),
                  .attended_tokens = MeanAttended(cell),
                  .index_bytes = MeanIndexBytes(cell)};
  }
  const auto mean_where = [&](auto matches) -> std::optional<Part> {
    std::vector<const Part*> found;
    for (const auto& [key, part] : parts) {
      if (matches(key)) found.push_back(&part);
    }
    if (found.empty()) return std::nullopt;
    return MeanOfParts(found);
  };
  Row row{.setting = setting, .tasks = {}, .kinds = {}, .all = {}};
  std::vector<Part> of_tasks;
  for (const std::string& task : context.tasks) {
    auto part = mean_where([&](const auto& key) { return key.first == task; });
    row.tasks.push_back(part ? std::optional(ToCell(*part)) : std::nullopt);
    if (part) of_tasks.push_back(std::move(*part));
  }
  for (const std::string& kind : context.kinds) {
    const auto part = mean_where([&](const auto& key) { return key.second == kind; });
    row.kinds.push_back(part ? std::optional(ToCell(*part)) : std::nullopt);
  }
  std::vector<const Part*> pointers;
  for (const Part& part : of_tasks) pointers.push_back(&part);
  row.all = ToCell(MeanOfParts(pointers));
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

// The mean nll over text kinds.
Estimate MeanNll(const RecordPointers& records) {
  std::map<std::string, RecordPointers> kinds;
  for (const Record* record : records) kinds[record->kind].push_back(record);
  Rng rng(1);
  std::vector<Sample> cells;
  for (const auto& [kind, cell] : kinds) cells.push_back(ResampleCell(cell, Nll, rng));
  return ToEstimate(MeanOf(cells));
}

// The mean over text kinds of those records that have one.
std::optional<double> MeanKl(const RecordPointers& records) {
  std::map<std::string, std::vector<double>> kinds;
  for (const Record* record : records) {
    if (record->kl) kinds[record->kind].push_back(*record->kl);
  }
  std::vector<double> means;
  for (const auto& [kind, values] : kinds) means.push_back(Mean(values));
  return means.empty() ? std::nullopt : std::optional(Mean(means));
}

ContinuationCell MakeContinuation(const Setting& setting, const RecordPointers& records,
                                  const RecordPointers& reference) {
  ContinuationCell cell{.task = records.front()->task,
                        .setting = setting,
                        .num_continuations = static_cast<int64_t>(records.size()),
                        .perplexity = Exp(MeanNll(records)),
                        .relative = {},
                        .kl = MeanKl(records),
                        .attended_tokens = MeanAttended(records),
                        .index_bytes = MeanIndexBytes(records)};
  const Paired paired = ComparePaired(records, reference, Nll);
  if (paired.NumPairs() > 0) cell.relative = Exp(paired.difference);
  return cell;
}

std::vector<ContinuationCell> Continuations(const BySetting& settings,
                                            const std::vector<std::string>& tasks) {
  const RecordPointers reference = ReferenceRecords(settings);
  std::vector<ContinuationCell> cells;
  for (const std::string& task : tasks) {
    for (const auto& [setting, records] : settings) {
      const RecordPointers of_task = Where(records, TaskOf, task);
      if (of_task.empty()) continue;
      cells.push_back(MakeContinuation(setting, of_task, Where(reference, TaskOf, task)));
    }
  }
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
  std::vector<std::string> continuation_tasks;
  for (const Record* record : records) {
    AddOnce(record->nll ? continuation_tasks : context.tasks, record->task);
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
                    continuation_tasks);
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
