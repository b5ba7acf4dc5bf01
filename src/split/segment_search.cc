#include "split/segment_search.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "base/check.h"
#include "split/segmenter.h"

namespace dynsplit {
namespace {

constexpr double kUnreachable = -std::numeric_limits<double>::infinity();

// Price of a block of a given length. The order of the operations is the specification's, so that
// ties fall alike.
double Penalty(int64_t length, const SearchParams& params) {
  const auto off = static_cast<double>(std::abs(length - params.ideal));
  return params.penalty * off / std::max(params.range, 1);
}

// Best scores of all prefixes and, for each, where its last block starts.
class PrefixScores {
 public:
  PrefixScores(std::span<const float> weights, const SearchParams& params)
      : weights_(weights),
        shortest_(params.ideal - params.range),
        longest_(params.ideal + params.range),
        best_(weights.size() + 1, kUnreachable),
        back_(weights.size() + 1, 0) {
    for (int length = 0; length <= longest_; ++length) {
      penalties_.push_back(Penalty(length, params));
    }
    best_[0] = 0;
    const int64_t n = static_cast<int64_t>(weights.size());
    const int64_t last_inner = params.closed ? n - 1 : n;
    if (params.closed) {
      for (int64_t e = 1; e <= std::min<int64_t>(shortest_ - 1, last_inner); ++e) {
        best_[e] = weights[e - 1] - penalties_[e];
      }
    }
    for (int64_t e = shortest_; e <= last_inner; ++e) Extend(e, shortest_, weights[e - 1]);
    if (params.closed && n > 0) Extend(n, 1, 0);
  }

  double best(int64_t e) const { return best_[e]; }
  int64_t back(int64_t e) const { return back_[e]; }
  bool reachable(int64_t e) const { return best_[e] > kUnreachable; }
  int longest() const { return longest_; }

 private:
  // Finds the best last block of the prefix [0, e), trying short ones first.
  void Extend(int64_t e, int64_t shortest, double weight) {
    double best = kUnreachable;
    int64_t from = 0;
    for (int64_t length = shortest; length <= std::min<int64_t>(longest_, e); ++length) {
      const double score = best_[e - length] + weight - penalties_[length];
      if (score > best) {
        best = score;
        from = e - length;
      }
    }
    best_[e] = best;
    back_[e] = static_cast<int32_t>(from);
  }

  std::span<const float> weights_;
  int shortest_;
  int longest_;
  std::vector<double> penalties_;  // [longest + 1]
  std::vector<double> best_;       // [n + 1]
  std::vector<int32_t> back_;      // [n + 1]
};

std::vector<int64_t> Backtrack(const PrefixScores& scores, int64_t end) {
  std::vector<int64_t> ends;
  for (int64_t e = end; e > 0; e = scores.back(e)) ends.push_back(e);
  std::reverse(ends.begin(), ends.end());
  return ends;
}

// Every continuation of the text passes through one of the prefixes that end in the last `longest`
// positions. Their best paths meet at the position returned: what lies before it is decided.
int64_t MeetingPoint(const PrefixScores& scores, int64_t n) {
  const int64_t first = std::max<int64_t>(0, n - scores.longest() + 1);
  std::vector<uint8_t> on_path(static_cast<size_t>(n) + 1, 0);
  int64_t num_paths = 0;
  for (int64_t e = first; e <= n; ++e) {
    on_path[e] = scores.reachable(e);
    num_paths += on_path[e];
  }
  int64_t e = n;
  for (; e > 0 && (!on_path[e] || num_paths > 1); --e) {
    if (!on_path[e]) continue;
    uint8_t& parent = on_path[scores.back(e)];
    num_paths -= parent;  // two paths became one
    parent = 1;
  }
  return e;
}

// Where no meeting point is near: a boundary of the best path so far.
int64_t BestSoFar(const PrefixScores& scores, int64_t n) {
  int64_t e = n;
  for (int64_t other = n - scores.longest() + 1; other < n; ++other) {
    if (scores.best(other) > scores.best(e)) e = other;
  }
  while (e > n - scores.longest()) e = scores.back(e);
  return e;
}

}  // namespace

std::vector<int64_t> SearchGreedy(std::span<const float> weights, const SearchParams& params) {
  const int64_t n = static_cast<int64_t>(weights.size());
  DYNSPLIT_CHECK(params.range >= 0 && params.range < params.ideal);
  std::vector<int64_t> ends;
  int64_t start = 0;
  const auto fits = [&] {
    const int64_t last = start + params.ideal + params.range;
    return params.closed ? last < n : last <= n;
  };
  while (fits()) {
    const int64_t ideal = start + params.ideal;
    int64_t end = 0;
    double best = kUnreachable;
    for (int64_t e = ideal - params.range; e <= ideal + params.range; ++e) {
      const double score = weights[e - 1] - Penalty(e - start, params);
      if (score > best || (score == best && std::abs(e - ideal) < std::abs(end - ideal))) {
        best = score;
        end = e;
      }
    }
    ends.push_back(end);
    start = end;
  }
  if (!params.closed) return ends;
  for (int64_t e = start + params.ideal; e < n; e += params.ideal) ends.push_back(e);
  if (start < n) ends.push_back(n);
  return ends;
}

std::vector<int64_t> SearchOptimal(std::span<const float> weights, const SearchParams& params) {
  const int64_t n = static_cast<int64_t>(weights.size());
  DYNSPLIT_CHECK(params.range >= 0 && params.range < params.ideal);
  DYNSPLIT_CHECK(n <= std::numeric_limits<int32_t>::max());
  const PrefixScores scores(weights, params);
  if (params.closed) return Backtrack(scores, n);
  int64_t decided = MeetingPoint(scores, n);
  if (n - decided > int64_t{kOpenHorizonBlocks} * scores.longest()) {
    decided = BestSoFar(scores, n);
  }
  return Backtrack(scores, decided);
}

}  // namespace dynsplit
