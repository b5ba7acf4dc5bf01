#include "split/tile_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "golden/reference/golden.h"

namespace dynsplit {

bool operator==(const Tile& a, const Tile& b) { return a.start == b.start && a.rows == b.rows; }
void PrintTo(const Tile& tile, std::ostream* out) { *out << tile.start << "+" << tile.rows; }

namespace {

using ::testing::ElementsAre;

std::vector<Tile> TilesOf(const std::vector<TokenRange>& ranges, int max_rows) {
  std::vector<Tile> tiles;
  AppendTiles(ranges, max_rows, &tiles);
  return tiles;
}

TEST(AppendRangeTest, JoinsWhatGoesOnAndLeavesOutEmptyRanges) {
  std::vector<TokenRange> ranges;
  for (const TokenRange range : {TokenRange{0, 0}, {2, 4}, {4, 9}, {9, 9}, {12, 11}, {12, 13}}) {
    AppendRange(range, &ranges);
  }
  ASSERT_EQ(ranges.size(), 2u);
  EXPECT_EQ(std::pair(ranges[0].start, ranges[0].end), std::pair(int64_t{2}, int64_t{9}));
  EXPECT_EQ(std::pair(ranges[1].start, ranges[1].end), std::pair(int64_t{12}, int64_t{13}));
}

TEST(TileMapTest, EqualsTheSpecification) {
  for (const nlohmann::json& c : ReadGolden("selections.json")) {
    for (size_t i = 0; i < c["budgets"].size(); ++i) {
      for (size_t g = 0; g < c["keys"].size(); ++g) {
        std::vector<TokenRange> ranges;
        for (const size_t block : c["chosen"][i][g]) {
          ranges.push_back({c["blocks"][block][0], c["blocks"][block][1]});
        }
        std::vector<Tile> want;
        for (const auto& tile : c["tiles"][i][g]) want.push_back({tile[0], tile[1]});
        EXPECT_EQ(TilesOf(ranges, kTileTokens), want);
      }
    }
  }
}

TEST(TileMapTest, CutsLongRanges) {
  EXPECT_THAT(TilesOf({{3, 40}}, 16), ElementsAre(Tile{3, 16}, Tile{19, 16}, Tile{35, 5}));
}

TEST(TileMapTest, NeverCrossesAPage) {
  EXPECT_THAT(TilesOf({{60, 70}}, 16), ElementsAre(Tile{60, 4}, Tile{64, 6}));
  EXPECT_THAT(TilesOf({{0, 129}}, kPageTokens),
              ElementsAre(Tile{0, 64}, Tile{64, 64}, Tile{128, 1}));
}

TEST(TileMapTest, MergesAdjacentRanges) {
  EXPECT_THAT(TilesOf({{0, 4}, {4, 16}, {20, 24}}, 16), ElementsAre(Tile{0, 16}, Tile{20, 4}));
}

TEST(TileMapTest, AppendsAndLeavesOutEmptyRanges) {
  std::vector<Tile> tiles = {Tile{1, 1}};
  AppendTiles(std::vector<TokenRange>{{5, 5}, {8, 9}}, 16, &tiles);
  EXPECT_THAT(tiles, ElementsAre(Tile{1, 1}, Tile{8, 1}));
}

TEST(TileMapTest, PadsWithEmptyTiles) {
  std::vector<Tile> tiles = {Tile{1, 2}};
  PadTiles(3, &tiles);
  EXPECT_THAT(tiles, ElementsAre(Tile{1, 2}, Tile{0, 0}, Tile{0, 0}));
}

RC_GTEST_PROP(TileMapProperty, CoversEachChosenTokenOnceAndNoPageIsCrossed, ()) {
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 50), rc::gen::inRange(1, 200)));
  const int max_rows = *rc::gen::inRange(1, kPageTokens + 1);
  std::vector<TokenRange> ranges;
  std::vector<int64_t> wanted;
  int64_t token = 0;
  for (const auto& [gap, length] : steps) {
    token += gap;
    ranges.push_back({token, token + length});
    for (int i = 0; i < length; ++i) wanted.push_back(token++);
  }
  std::vector<int64_t> covered;
  for (const Tile& tile : TilesOf(ranges, max_rows)) {
    RC_ASSERT(tile.rows >= 1 && tile.rows <= max_rows);
    RC_ASSERT(tile.start / kPageTokens == (tile.start + tile.rows - 1) / kPageTokens);
    for (int i = 0; i < tile.rows; ++i) covered.push_back(tile.start + i);
  }
  RC_ASSERT(covered == wanted);
}

}  // namespace
}  // namespace dynsplit
