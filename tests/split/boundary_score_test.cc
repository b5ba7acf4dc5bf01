#include "split/boundary_score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "golden/reference/golden.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

Reading ReadingOf(const nlohmann::json& c) {
  return c["reading"] == "forward" ? Reading::kForward : Reading::kRetained;
}

TEST(BoundaryScoreTest, EqualsTheSpecification) {
  for (const nlohmann::json& c : ReadGolden("boundaries.json")) {
    BoundaryScorer scorer(c["window"], c["retained"], c["sink"]);
    int64_t position = 0;
    for (const auto& row : c["rows"]) {
      scorer.AddRow(position++, row.get<std::vector<float>>(), c["heads"]);
    }
    const auto want = c["scores"].get<std::vector<float>>();
    ASSERT_EQ(scorer.mass().num_tokens(), static_cast<int64_t>(want.size()));
    for (size_t i = 0; i < want.size(); ++i) {
      const float got = BoundaryScore(scorer.mass(), static_cast<int64_t>(i), ReadingOf(c),
                                      c["alpha"].get<float>());
      EXPECT_NEAR(got, want[i], 2e-6) << i;
    }
  }
}

TEST(BoundaryScoreTest, ReadingsWeighTheMassesApart) {
  BoundaryMass mass;
  mass.after = {0.5f};
  mass.near = {0.25f};
  mass.far = {0.125f};
  mass.queries = {1};
  EXPECT_FLOAT_EQ(BoundaryScore(mass, 0, Reading::kForward, 2), 0.5f - 2 * 0.375f);
  EXPECT_FLOAT_EQ(BoundaryScore(mass, 0, Reading::kRetained, 2), 0.25f - 2 * 0.125f);
}

// Window 2, retained 1, sink 0; rows are mass on [sink, distance 0, 1, 2], summed over two heads.
TEST(BoundaryScorerTest, MeansOverTheQueriesSeenSoFar) {
  BoundaryScorer scorer(2, 1, 0);
  scorer.AddRow(0, std::vector<float>{0, 2, 0, 0}, 2);
  scorer.AddRow(1, std::vector<float>{0, 1.5f, 0.5f, 0}, 2);
  EXPECT_THAT(scorer.mass().after, ElementsAre(0.75f, 0));
  EXPECT_THAT(scorer.mass().near, ElementsAre(0.25f, 0));
  EXPECT_THAT(scorer.mass().queries, ElementsAre(1, 0));
  scorer.AddRow(2, std::vector<float>{0, 1, 0.5f, 0.5f}, 2);
  // Token 0: queries 1 and 2, which keep 0.75 and 0.75 behind the cut.
  EXPECT_THAT(scorer.mass().after, ElementsAre(0.75f, 0.5f, 0));
  EXPECT_THAT(scorer.mass().near, ElementsAre(0.25f, 0.25f, 0));
  EXPECT_THAT(scorer.mass().far, ElementsAre(0, FloatNear(0.25f, 1e-7f), 0));
  EXPECT_THAT(scorer.mass().queries, ElementsAre(2, 1, 0));
}

TEST(BoundaryScorerTest, TheSinkCountsNowhere) {
  BoundaryScorer scorer(1, 1, 1);
  scorer.AddRow(0, std::vector<float>{1, 0, 0}, 1);
  scorer.AddRow(1, std::vector<float>{0.875f, 0.125f, 0}, 1);
  EXPECT_THAT(scorer.mass().after, ElementsAre(0.125f, 0));
  EXPECT_THAT(scorer.mass().far, ElementsAre(0, 0));
}

TEST(BoundaryScorerTest, PositionsMayBeLeftOut) {
  BoundaryScorer scorer(2, 1, 0);
  scorer.AddRow(3, std::vector<float>{0, 1, 0, 0}, 1);
  EXPECT_EQ(scorer.mass().num_tokens(), 4);
  EXPECT_THAT(scorer.mass().queries, ElementsAre(0, 1, 1, 0));
}

TEST(BoundaryScorerTest, RoundingNeverLeavesNegativeMass) {
  BoundaryScorer scorer(1, 1, 0);
  scorer.AddRow(0, std::vector<float>{0, 1, 0}, 1);
  scorer.AddRow(1, std::vector<float>{0, 0.6f, 0.4001f}, 1);
  EXPECT_EQ(scorer.mass().far[0], 0);
}

TEST(BoundaryScorerTest, ACopyGoesItsOwnWay) {
  BoundaryScorer scorer(1, 1, 0);
  scorer.AddRow(0, std::vector<float>{0, 1, 0}, 1);
  BoundaryScorer fork = scorer;
  scorer.AddRow(1, std::vector<float>{0, 0.5f, 0.5f}, 1);
  fork.AddRow(1, std::vector<float>{0, 0.25f, 0.75f}, 1);
  EXPECT_FLOAT_EQ(scorer.mass().after[0], 0.5f);
  EXPECT_FLOAT_EQ(fork.mass().after[0], 0.25f);
}

// Truncated, and the rows behind it added again: as if nothing had come behind them.
TEST(BoundaryScorerTest, TruncatedItGoesOnAsIfTheRestHadNeverBeen) {
  const auto row = [](int position, float share) {
    return std::vector<float>{0, 1 - share, share / 2, position > 1 ? share / 2 : 0};
  };
  BoundaryScorer all(2, 1, 0), fresh(2, 1, 0);
  for (int p = 0; p < 6; ++p) all.AddRow(p, row(p, 0.125f * static_cast<float>(p)), 1);
  for (int p = 0; p < 6; ++p) {
    fresh.AddRow(p, row(p, p < 5 ? 0.125f * static_cast<float>(p) : 0.75f), 1);
  }
  EXPECT_FALSE(all.Truncate(5));  // token 4 waits for a query
  EXPECT_FALSE(all.Truncate(7));
  ASSERT_TRUE(all.Truncate(3));
  for (int p = 3; p < 6; ++p) {
    all.AddRow(p, row(p, p < 5 ? 0.125f * static_cast<float>(p) : 0.75f), 1);
  }
  EXPECT_EQ(all.mass().after, fresh.mass().after);
  EXPECT_EQ(all.mass().near, fresh.mass().near);
  EXPECT_EQ(all.mass().far, fresh.mass().far);
  EXPECT_EQ(all.mass().queries, fresh.mass().queries);
}

TEST(BoundaryScorerDeathTest, RowsOutOfOrderAreABug) {
  BoundaryScorer scorer(1, 1, 0);
  scorer.AddRow(1, std::vector<float>{0, 1, 0}, 1);
  EXPECT_DEATH(scorer.AddRow(1, std::vector<float>{0, 1, 0}, 1), "check failed");
  EXPECT_DEATH(scorer.AddRow(2, std::vector<float>{0, 1}, 1), "check failed");
}

}  // namespace
}  // namespace dynsplit
