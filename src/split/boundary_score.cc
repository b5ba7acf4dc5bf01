#include "split/boundary_score.h"

#include <algorithm>

#include "base/check.h"

namespace dynsplit {
namespace {

void AddToMean(double value, int count, float* mean) {
  *mean += static_cast<float>((value - *mean) / count);
}

}  // namespace

float BoundaryScore(const BoundaryMass& mass, int64_t i, Reading reading, float alpha) {
  if (reading == Reading::kForward) {
    return mass.after[i] - alpha * (mass.near[i] + mass.far[i]);
  }
  return mass.near[i] - alpha * mass.far[i];
}

BoundaryScorer::BoundaryScorer(int window, int retained, int sink)
    : retained_(retained), sink_(sink), prefix_(size_t{1} + window + retained) {
  DYNSPLIT_CHECK(window >= 1 && window <= kMaxBoundaryWindow && retained >= 1 && sink >= 0);
  mass_.window = window;
}

void BoundaryScorer::AddRow(int64_t position, std::span<const float> mass, int heads) {
  const int window = mass_.window;
  DYNSPLIT_CHECK(position >= mass_.num_tokens() && heads >= 1);
  DYNSPLIT_CHECK(mass.size() == prefix_.size());
  const size_t num_tokens = static_cast<size_t>(position) + 1;
  mass_.after.resize(num_tokens);
  mass_.near.resize(num_tokens);
  mass_.far.resize(num_tokens);
  mass_.queries.resize(num_tokens);

  const double per_head = 1.0 / heads;
  for (size_t d = 1; d < prefix_.size(); ++d) prefix_[d] = prefix_[d - 1] + mass[d] * per_head;
  const double beyond_sink = 1.0 - mass[0] * per_head;
  for (int distance = 1; distance <= std::min<int64_t>(window, position); ++distance) {
    const int64_t i = position - distance;
    if (mass_.queries[i] == window) continue;  // all were seen: these are read again (Truncate)
    const int count = ++mass_.queries[i];
    const double after = prefix_[distance];
    const double upto_near = prefix_[distance + retained_];
    AddToMean(after, count, &mass_.after[i]);
    AddToMean(upto_near - after, count, &mass_.near[i]);
    // Rounding may leave less than nothing where the text is shorter than W + R.
    AddToMean(std::max(0.0, beyond_sink - upto_near), count, &mass_.far[i]);
  }
}

bool BoundaryScorer::Truncate(int64_t tokens) {
  if (tokens > mass_.num_tokens()) return false;
  const auto begin = mass_.queries.begin();
  const auto waits = [&](uint8_t seen) { return seen < mass_.window; };
  if (std::any_of(begin, begin + tokens, waits)) return false;
  const auto size = static_cast<size_t>(tokens);
  mass_.after.resize(size);
  mass_.near.resize(size);
  mass_.far.resize(size);
  mass_.queries.resize(size);
  return true;
}

}  // namespace dynsplit
