#include "split/segmenter.h"

#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/rng.h"
#include "kernels/kv_view.h"
#include "split/segment_search.h"

namespace dynsplit {
namespace {

// Uniform in [0, 1). SplitMix64 counts up in steps of kStep, so any position of its sequence can be
// reached at once; and a text cut in parts gets the same values.
double RandomAt(uint64_t seed, int64_t position) {
  constexpr uint64_t kStep = 0x9e3779b97f4a7c15ULL;
  return Rng(seed + kStep * static_cast<uint64_t>(position)).Uniform();
}

float CutWeight(const SplitOptions& options, DelimiterClass delimiter,
                const ClassImportance& importance, int64_t position) {
  switch (options.splitter) {
    case Splitter::kFixed:
      return 0;
    case Splitter::kDelimiter:
      return delimiter >= options.delimiter ? 1 : 0;
    case Splitter::kDynamic:
      return static_cast<float>(importance.weight[static_cast<size_t>(delimiter)]);
    case Splitter::kUniform:
      return delimiter > DelimiterClass::kSpace ? 1 : 0;
    case Splitter::kRandom:
      return static_cast<float>(RandomAt(options.seed, position));
  }
  DYNSPLIT_CHECK(false);
}

// weights = (1 - share) * weights + share * scores, but where a score is not known.
void Mix(float share, std::span<const float> scores, std::vector<float>* weights) {
  DYNSPLIT_CHECK(scores.size() == weights->size());
  for (size_t i = 0; i < scores.size(); ++i) {
    if (std::isfinite(scores[i])) (*weights)[i] = (1 - share) * (*weights)[i] + share * scores[i];
  }
}

std::vector<int64_t> CutFixed(int64_t n, int interval, bool closed) {
  std::vector<int64_t> ends;
  for (int64_t e = interval; e <= n; e += interval) ends.push_back(e);
  if (closed && n % interval != 0) ends.push_back(n);
  return ends;
}

std::vector<int64_t> CutAtDelimiters(const SplitOptions& options,
                                     std::span<const DelimiterClass> classes, bool closed) {
  const int64_t n = static_cast<int64_t>(classes.size());
  std::vector<int64_t> ends;
  int64_t start = 0;
  for (int64_t e = 1; e <= n; ++e) {
    const bool full = e - start == options.max_block_tokens;
    if (classes[e - 1] < options.delimiter && !full && !(closed && e == n)) continue;
    ends.push_back(e);
    start = e;
  }
  return ends;
}

std::vector<int64_t> CutEnds(const SplitOptions& options, std::span<const float> weights,
                             std::span<const DelimiterClass> classes, bool closed) {
  const int64_t n = static_cast<int64_t>(weights.size());
  if (options.splitter == Splitter::kFixed) return CutFixed(n, options.block_tokens, closed);
  if (options.splitter == Splitter::kDelimiter) return CutAtDelimiters(options, classes, closed);
  const SearchParams params{options.block_tokens, options.search_range, options.distance_penalty,
                            closed};
  return options.search == Search::kGreedy ? SearchGreedy(weights, params)
                                           : SearchOptimal(weights, params);
}

std::vector<Block> Cut(const SplitOptions& options, std::span<const float> weights,
                       std::span<const DelimiterClass> classes, TokenRange range, bool closed) {
  const int64_t n = range.end - range.start;
  DYNSPLIT_CHECK(range.start >= 0 && n >= 0 && range.end <= std::numeric_limits<int32_t>::max());
  DYNSPLIT_CHECK(static_cast<int64_t>(weights.size()) == n);
  DYNSPLIT_CHECK(static_cast<int64_t>(classes.size()) == n);
  DYNSPLIT_CHECK(options.block_tokens >= 1 && options.max_block_tokens >= 1);
  const std::vector<int64_t> ends = CutEnds(options, weights, classes, closed);
  std::vector<Block> blocks;
  blocks.reserve(ends.size());
  int64_t start = 0;
  for (const int64_t e : ends) {
    blocks.push_back({static_cast<int32_t>(range.start + start), static_cast<int32_t>(e - start),
                      classes[e - 1], weights[e - 1]});
    start = e;
  }
  return blocks;
}

}  // namespace

bool UsesCandidates(const SplitOptions& options) {
  return options.splitter == Splitter::kDynamic && options.candidate > 0;
}

bool UsesScatter(const SplitOptions& options) {
  const bool searches =
      options.splitter != Splitter::kFixed && options.splitter != Splitter::kDelimiter;
  return searches && options.scatter > 0;
}

std::vector<float> CutWeights(const SplitOptions& options, std::span<const DelimiterClass> classes,
                              const ClassImportance& importance, int64_t first_token,
                              const CutScores& scores) {
  std::vector<float> weights;
  weights.reserve(classes.size());
  for (const DelimiterClass delimiter : classes) {
    const int64_t position = first_token + static_cast<int64_t>(weights.size());
    weights.push_back(CutWeight(options, delimiter, importance, position));
  }
  if (UsesCandidates(options)) Mix(options.candidate, scores.candidate, &weights);
  if (UsesScatter(options)) Mix(options.scatter, scores.scatter, &weights);
  return weights;
}

std::vector<Block> Segment(const SplitOptions& options, std::span<const float> weights,
                           std::span<const DelimiterClass> classes, int64_t begin, int64_t end) {
  return Cut(options, weights, classes, {begin, end}, true);
}

std::vector<Block> SegmentOpen(const SplitOptions& options, std::span<const float> weights,
                               std::span<const DelimiterClass> classes, int64_t begin,
                               int64_t end) {
  return Cut(options, weights, classes, {begin, end}, false);
}

}  // namespace dynsplit
