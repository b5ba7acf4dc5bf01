// Scores by how deep in the text the fact stood that was asked for, and by context length: where
// a method loses facts (Kamradt 2023).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "apps/eval/record.h"
#include "apps/eval/report/summary.h"

namespace dynsplit::eval {

inline constexpr int kNumDepthBins = 10;

// "0.3" for the depths from 0.3 up to below 0.4; the last bin holds 1.
std::string DepthBinName(int bin);

struct DepthPanel {
  Setting setting;
  // [contexts][kNumDepthBins] mean scores; none where there was no question.
  std::vector<std::array<std::optional<double>, kNumDepthBins>> scores;
};

struct DepthMap {
  std::string task;
  std::vector<int64_t> contexts;  // ascending
  std::vector<DepthPanel> panels;
};

// One for each task that has records with a depth; tasks and settings in the order of the records.
std::vector<DepthMap> DepthMaps(const std::vector<Record>& records);

}  // namespace dynsplit::eval
