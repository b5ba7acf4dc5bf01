#include "apps/eval/report/paired.h"

#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace dynsplit::eval {
namespace {

using Question = std::tuple<std::string, int64_t, std::string>;  // task, context, id
// By task and context, then by text kind: the differences.
using Differences =
    std::map<std::pair<std::string, int64_t>, std::map<std::string, std::vector<double>>>;

Question QuestionOf(const Record& record) { return {record.task, record.context, record.id}; }

Estimate MeanDifference(const Differences& differences) {
  Rng rng(1);
  std::vector<Sample> tasks;
  for (const auto& [task, kinds] : differences) {
    std::vector<Sample> cells;
    for (const auto& [kind, values] : kinds) cells.push_back(Resample(values, rng));
    tasks.push_back(MeanOf(cells));
  }
  return ToEstimate(MeanOf(tasks));
}

}  // namespace

Paired ComparePaired(const RecordPointers& first, const RecordPointers& second,
                     double (*value)(const Record&)) {
  std::map<Question, const Record*> seconds;
  for (const Record* record : second) seconds.emplace(QuestionOf(*record), record);
  Paired paired;
  Differences differences;
  for (const Record* record : first) {
    const auto other = seconds.find(QuestionOf(*record));
    if (other == seconds.end()) {
      ++paired.unpaired;
      continue;
    }
    const double difference = value(*record) - value(*other->second);
    differences[{record->task, record->context}][record->kind].push_back(difference);
    ++(difference > 0 ? paired.won : difference < 0 ? paired.lost : paired.tied);
  }
  paired.unpaired += static_cast<int64_t>(seconds.size()) - paired.NumPairs();
  if (!differences.empty()) paired.difference = MeanDifference(differences);
  return paired;
}

}  // namespace dynsplit::eval
