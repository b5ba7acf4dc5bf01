#include "apps/eval/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "apps/common/figures.h"

namespace dynsplit::eval {
namespace {

struct Group {
  const Record* first;
  int count = 0;
  double score = 0;
  double attended_tokens = 0;
};

bool Together(const Record& a, const Record& b) {
  return a.task == b.task && a.context == b.context && a.method == b.method && a.budget == b.budget;
}

}  // namespace

std::string SummaryTable(std::span<const Record> records) {
  std::vector<Group> groups;
  for (const Record& record : records) {
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& candidate) {
      return Together(*candidate.first, record);
    });
    if (group == groups.end()) group = groups.insert(group, {.first = &record});
    ++group->count;
    group->score += record.score;
    group->attended_tokens += record.attended_tokens;
  }
  Table table({"task", "context", "method", "budget", "questions", "score", "attended"});
  for (const Group& group : groups) {
    const Record& record = *group.first;
    table.AddRow({record.task, std::to_string(record.context), record.method,
                  record.budget.empty() ? "-" : record.budget, std::to_string(group.count),
                  fmt::format("{:.3f}", group.score / group.count),
                  fmt::format("{:.0f}", group.attended_tokens / group.count)});
  }
  return table.ToString();
}

}  // namespace dynsplit::eval
