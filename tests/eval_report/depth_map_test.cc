#include "apps/eval/report/depth_map.h"

#include <gmock/gmock.h>

#include "eval_report/records.h"

namespace dynsplit::eval {
namespace {

Record AtDepth(const std::string& method, int64_t context, double depth, double score) {
  Record record = ScoredRecord("niah", "", method, "3%", score);
  record.context = context;
  record.depth = depth;
  return record;
}

TEST(DepthMapTest, TenthsAndContexts) {
  const std::vector<DepthMap> maps =
      DepthMaps({AtDepth("quest", 8192, 0, 1), AtDepth("quest", 4096, 0.3, 1),
                 AtDepth("quest", 4096, 0.39, 0), AtDepth("quest", 4096, 1, 0.5),
                 AtDepth("dynsplit", 4096, 3 * 0.1, 1), ScoredRecord("words", "", "full", "", 1)});
  ASSERT_EQ(maps.size(), 1u);  // words has no depths
  EXPECT_EQ(maps[0].task, "niah");
  EXPECT_THAT(maps[0].contexts, ::testing::ElementsAre(4096, 8192));
  ASSERT_EQ(maps[0].panels.size(), 2u);
  const DepthPanel& quest = maps[0].panels[0];
  EXPECT_EQ(quest.setting.Name(), "quest 3%");
  EXPECT_EQ(quest.scores[0][3], 0.5);
  EXPECT_EQ(quest.scores[0][9], 0.5);  // depth 1 is in the last bin
  EXPECT_FALSE(quest.scores[0][0].has_value());
  EXPECT_EQ(quest.scores[1][0], 1);
  EXPECT_EQ(maps[0].panels[1].scores[0][3], 1);
}

TEST(DepthMapTest, DepthsThatWereMeantAsTenths) {
  for (int tenths = 0; tenths < 10; ++tenths) {
    double depth = 0;
    for (int i = 0; i < tenths; ++i) depth += 0.1;  // 0.7999999999999999 and such
    const std::vector<DepthMap> maps = DepthMaps({AtDepth("quest", 4096, depth, 1)});
    EXPECT_EQ(maps[0].panels[0].scores[0][static_cast<size_t>(tenths)], 1) << depth;
  }
  EXPECT_EQ(DepthBinName(3), "0.3");
}

}  // namespace
}  // namespace dynsplit::eval
