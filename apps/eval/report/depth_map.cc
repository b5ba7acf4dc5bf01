#include "apps/eval/report/depth_map.h"

#include <fmt/format.h>

#include <algorithm>

namespace dynsplit::eval {
namespace {

bool HasDepth(const Record& record) { return record.depth >= 0 && !record.nll; }

int BinOf(double depth) {
  // 0.3 * 10 is 3 only nearly; the small step keeps depths that were meant as tenths together.
  return std::min(kNumDepthBins - 1, static_cast<int>(depth * kNumDepthBins + 1e-9));
}

// The panels of one setting, with the scores still lists.
struct Scores {
  Setting setting;
  std::vector<std::array<std::vector<double>, kNumDepthBins>> scores;  // [contexts]
};

DepthPanel ToPanel(const Scores& scores) {
  DepthPanel panel{scores.setting, {}};
  for (const auto& bins : scores.scores) {
    auto& means = panel.scores.emplace_back();
    for (size_t bin = 0; bin < bins.size(); ++bin) {
      if (!bins[bin].empty()) means[bin] = Mean(bins[bin]);
    }
  }
  return panel;
}

DepthMap MakeMap(const std::string& task, const RecordPointers& records) {
  DepthMap map{task, {}, {}};
  for (const Record* record : records) map.contexts.push_back(record->context);
  std::sort(map.contexts.begin(), map.contexts.end());
  map.contexts.erase(std::unique(map.contexts.begin(), map.contexts.end()), map.contexts.end());
  std::vector<Scores> all;
  for (const Record* record : records) {
    const Setting setting{record->method, record->budget};
    auto found = std::find_if(all.begin(), all.end(),
                              [&](const Scores& scores) { return scores.setting == setting; });
    if (found == all.end()) {
      found = all.insert(all.end(), Scores{setting, {}});
      found->scores.resize(map.contexts.size());
    }
    const auto context =
        std::lower_bound(map.contexts.begin(), map.contexts.end(), record->context);
    const size_t bin = static_cast<size_t>(BinOf(record->depth));
    found->scores[static_cast<size_t>(context - map.contexts.begin())][bin].push_back(
        record->score);
  }
  for (const Scores& scores : all) map.panels.push_back(ToPanel(scores));
  return map;
}

}  // namespace

std::string DepthBinName(int bin) {
  return fmt::format("{:.1f}", static_cast<double>(bin) / kNumDepthBins);
}

std::vector<DepthMap> DepthMaps(const std::vector<Record>& records) {
  std::vector<std::pair<std::string, RecordPointers>> tasks;
  for (const Record& record : records) {
    if (!HasDepth(record)) continue;
    auto found = std::find_if(tasks.begin(), tasks.end(),
                              [&](const auto& task) { return task.first == record.task; });
    if (found == tasks.end()) found = tasks.insert(tasks.end(), {record.task, {}});
    found->second.push_back(&record);
  }
  std::vector<DepthMap> maps;
  for (const auto& [task, of_task] : tasks) maps.push_back(MakeMap(task, of_task));
  return maps;
}

}  // namespace dynsplit::eval
