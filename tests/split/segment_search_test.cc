#include "split/segment_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "golden/reference/golden.h"
#include "split/segmenter.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Case {
  std::vector<float> weights;
  SearchParams params;
};

Case AnyCase() {
  Case c;
  c.params.ideal = *rc::gen::inRange(1, 20);
  c.params.range = *rc::gen::inRange(0, c.params.ideal);
  c.params.penalty = *rc::gen::inRange(0, 8) / 4.0;
  // Few levels, so that there are ties.
  const auto levels = *rc::gen::container<std::vector<int>>(rc::gen::inRange(-4, 5));
  for (const int level : levels) c.weights.push_back(static_cast<float>(level) / 4);
  return c;
}

double ScoreOf(const Case& c, const std::vector<int64_t>& ends) {
  double score = 0;
  int64_t start = 0;
  for (const int64_t e : ends) {
    if (e < static_cast<int64_t>(c.weights.size())) score += c.weights[e - 1];
    const auto off = static_cast<double>(std::abs(e - start - c.params.ideal));
    score -= c.params.penalty * off / std::max(c.params.range, 1);
    start = e;
  }
  return score;
}

TEST(SegmentSearchTest, EqualsTheSpecification) {
  const nlohmann::json cases = ReadGolden("segments.json");
  ASSERT_GT(cases.size(), 100u);
  for (const nlohmann::json& c : cases) {
    const auto weights = c["weights"].get<std::vector<float>>();
    const SearchParams params{c["ideal"], c["range"], c["penalty"], true};
    EXPECT_EQ(SearchGreedy(weights, params), c["greedy"].get<std::vector<int64_t>>()) << c;
    EXPECT_EQ(SearchOptimal(weights, params), c["optimal"].get<std::vector<int64_t>>()) << c;
  }
}

// Ideal 4, range 2: the weight after token 4 (an end at 5) pays for being one off.
TEST(SegmentSearchTest, TakesTheBestEndInRange) {
  const SearchParams params{4, 2, 0.5, true};
  EXPECT_THAT(SearchGreedy(std::vector<float>{0, 0, 0, 0, 1, 0, 0, 0}, params), ElementsAre(5, 8));
  EXPECT_THAT(SearchOptimal(std::vector<float>{0, 0, 0, 0, 1, 0, 0, 0}, params), ElementsAre(5, 8));
  EXPECT_THAT(SearchGreedy(std::vector<float>{0, 0, 0, 0, 0.2f, 0, 0, 0}, params),
              ElementsAre(4, 8));
}

TEST(SegmentSearchTest, OptimalLooksAhead) {
  // Greedy takes the end at 3 and then finds nothing but 7; optimal pays once to take 4 and 8.
  const std::vector<float> weights = {0, 0, 0.6f, 0.5f, 0, 0, 0, 2, 0, 0, 0, 0};
  const SearchParams params{3, 1, 0.5, true};
  const Case c{weights, params};
  EXPECT_GT(ScoreOf(c, SearchOptimal(weights, params)), ScoreOf(c, SearchGreedy(weights, params)));
}

TEST(SegmentSearchTest, OpenWaitsForTheWholeRange) {
  const SearchParams open{4, 2, 0.5, false};
  EXPECT_THAT(SearchGreedy(std::vector<float>(5), open), IsEmpty());
  EXPECT_THAT(SearchGreedy(std::vector<float>(6), open), ElementsAre(4));
  EXPECT_THAT(SearchOptimal(std::vector<float>(3), open), IsEmpty());
  EXPECT_THAT(SearchGreedy({}, open), IsEmpty());
  EXPECT_THAT(SearchOptimal({}, open), IsEmpty());
  // Without a range there is one path only.
  EXPECT_THAT(SearchOptimal(std::vector<float>(11), {4, 0, 0.5, false}), ElementsAre(4, 8));
}

TEST(SegmentSearchTest, OpenKeepsTheRestBoundedWhereAllWeightsAreAlike) {
  const SearchParams open{12, 8, 0, false};
  const std::vector<int64_t> ends = SearchOptimal(std::vector<float>(10000), open);
  ASSERT_FALSE(ends.empty());
  EXPECT_GE(ends.back(), 10000 - kOpenHorizonBlocks * 20);
}

RC_GTEST_PROP(SegmentSearchProperty, LengthsAreInRangeButForTheEnds, ()) {
  const Case c = AnyCase();
  const int64_t n = static_cast<int64_t>(c.weights.size());
  for (const auto& ends : {SearchGreedy(c.weights, c.params), SearchOptimal(c.weights, c.params)}) {
    RC_ASSERT(ends.empty() == (n == 0));
    if (n > 0) RC_ASSERT(ends.back() == n);
    int64_t start = 0;
    for (size_t b = 0; b < ends.size(); ++b) {
      const int64_t length = ends[b] - start;
      RC_ASSERT(length >= 1 && length <= c.params.ideal + c.params.range);
      const bool inner = b > 0 && b + 1 < ends.size();
      if (inner) RC_ASSERT(length >= c.params.ideal - c.params.range);
      start = ends[b];
    }
  }
}

RC_GTEST_PROP(SegmentSearchProperty, OptimalIsNeverWorseThanGreedy, ()) {
  const Case c = AnyCase();
  RC_ASSERT(ScoreOf(c, SearchOptimal(c.weights, c.params)) >=
            ScoreOf(c, SearchGreedy(c.weights, c.params)) - 1e-9);
}

RC_GTEST_PROP(SegmentSearchProperty, OpenBlocksNeverChangeWithMoreText, ()) {
  Case c = AnyCase();
  c.params.closed = false;
  const int64_t n = static_cast<int64_t>(c.weights.size());
  const auto search = *rc::gen::element(SearchGreedy, SearchOptimal);
  const std::vector<int64_t> whole = search(c.weights, c.params);
  const auto part = *rc::gen::inRange<int64_t>(0, n + 1);
  const auto ends = search(std::span(c.weights).first(static_cast<size_t>(part)), c.params);
  RC_ASSERT(ends.size() <= whole.size());
  RC_ASSERT(std::equal(ends.begin(), ends.end(), whole.begin()));
  int64_t start = 0;
  for (const int64_t e : whole) {
    RC_ASSERT(std::abs(e - start - c.params.ideal) <= c.params.range);
    start = e;
  }
}

}  // namespace
}  // namespace dynsplit
