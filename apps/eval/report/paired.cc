#include "apps/eval/report/paired.h"

#include <map>
#include <tuple>
#include <utility>

namespace dynsplit::eval {
namespace {

using Question = std::tuple<std::string, int64_t, std::string>;  // task, context, id
// By task and context, then by text kind: what a cell has of each document.
using Cells = std::map<std::pair<std::string, int64_t>, std::map<std::string, ByDocument>>;

Question QuestionOf(const Record& record) { return {record.task, record.context, record.id}; }

void Add(const Record& record, double value, Cells* cells) {
  (*cells)[{record.task, record.context}][record.kind][DocumentOf(record)].push_back(value);
}

// Calls `use` with the two records of each question that both answered. Returns how many questions
// only one of them answered.
template <typename Use>
int64_t ForEachPair(const RecordPointers& first, const RecordPointers& second, Use use) {
  std::map<Question, const Record*> seconds;
  for (const Record* record : second) seconds.emplace(QuestionOf(*record), record);
  int64_t num_pairs = 0;
  for (const Record* record : first) {
    const auto other = seconds.find(QuestionOf(*record));
    if (other == seconds.end()) continue;
    use(*record, *other->second);
    ++num_pairs;
  }
  return static_cast<int64_t>(first.size() + seconds.size()) - 2 * num_pairs;
}

Estimate MeanDifference(const Cells& differences) {
  Rng rng(1);
  std::vector<Sample> tasks;
  for (const auto& [task, kinds] : differences) {
    std::vector<Sample> cells;
    for (const auto& [kind, cell] : kinds) cells.push_back(Resample(cell, rng));
    tasks.push_back(MeanOf(cells));
  }
  return ToEstimate(MeanOf(tasks));
}

double MeanOfCells(const Cells& cells) {
  std::vector<double> tasks;
  for (const auto& [task, kinds] : cells) {
    std::vector<double> means;
    for (const auto& [kind, cell] : kinds) {
      std::vector<double> all;
      for (const auto& [document, values] : cell)
        all.insert(all.end(), values.begin(), values.end());
      means.push_back(Mean(all));
    }
    tasks.push_back(Mean(means));
  }
  return Mean(tasks);
}

}  // namespace

std::string DocumentOf(const Record& record) { return record.id.substr(0, record.id.rfind('/')); }

Paired ComparePaired(const RecordPointers& first, const RecordPointers& second,
                     double (*value)(const Record&)) {
  Paired paired;
  Cells differences;
  paired.unpaired = ForEachPair(first, second, [&](const Record& ours, const Record& theirs) {
    const double difference = value(ours) - value(theirs);
    Add(ours, difference, &differences);
    ++(difference > 0 ? paired.won : difference < 0 ? paired.lost : paired.tied);
  });
  if (!differences.empty()) paired.difference = MeanDifference(differences);
  return paired;
}

std::optional<double> PairedRatio(const RecordPointers& first, const RecordPointers& second,
                                  double (*value)(const Record&)) {
  Cells firsts;
  Cells seconds;
  ForEachPair(first, second, [&](const Record& ours, const Record& theirs) {
    Add(ours, value(ours), &firsts);
    Add(ours, value(theirs), &seconds);
  });
  const double divisor = MeanOfCells(seconds);
  return divisor == 0 ? std::nullopt : std::optional(MeanOfCells(firsts) / divisor);
}

}  // namespace dynsplit::eval
