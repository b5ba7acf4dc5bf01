#include "split/key_scatter.h"

#include <cmath>

#include "base/check.h"
#include "split/moments.h"

namespace dynsplit {
namespace {

double FiniteOrZero(float value) { return std::isfinite(value) ? double{value} : 0.0; }

// Novelty of each cut in the heads' units, mean over the heads: 1 for the mean cut.
std::vector<double> MeanOverHeads(const std::vector<double>& unit, std::span<const float> novelty) {
  const size_t cuts = novelty.size() / unit.size();
  std::vector<double> means(cuts);
  size_t counted = 0;
  for (const double u : unit) counted += u > 0;
  for (size_t h = 0; h < unit.size(); ++h) {
    if (unit[h] <= 0) continue;
    const double share = 1 / (unit[h] * static_cast<double>(counted));
    for (size_t i = 0; i < cuts; ++i) means[i] += share * FiniteOrZero(novelty[h * cuts + i]);
  }
  return means;
}

}  // namespace

NoveltyScale LearnNoveltyScale(std::span<const float> novelty, int heads) {
  DYNSPLIT_CHECK(heads >= 1 && novelty.size() % static_cast<size_t>(heads) == 0);
  NoveltyScale scale;
  const size_t cuts = novelty.size() / static_cast<size_t>(heads);
  for (size_t h = 0; h < static_cast<size_t>(heads); ++h) {
    Moments moments;
    for (const float value : novelty.subspan(h * cuts, cuts)) moments.Add(FiniteOrZero(value));
    scale.unit.push_back(moments.mean());
  }
  Moments moments;
  for (const double mean : MeanOverHeads(scale.unit, novelty)) moments.Add(mean);
  if (moments.Spread() >= kMinSpread) scale.spread = moments.Spread();
  return scale;
}

std::vector<float> ScatterScores(const NoveltyScale& scale, std::span<const float> novelty) {
  DYNSPLIT_CHECK(!scale.unit.empty() && novelty.size() % scale.unit.size() == 0);
  std::vector<float> scores;
  for (const double mean : MeanOverHeads(scale.unit, novelty)) {
    scores.push_back(StandardScore(mean, 1, scale.spread));
  }
  return scores;
}

}  // namespace dynsplit
