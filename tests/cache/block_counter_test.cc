#include "cache/block_counter.h"

#include <gmock/gmock.h>

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<Block> kBlocks = {{0, 4}, {4, 6}, {10, 3}, {13, 7}};

std::vector<ChosenBlock> Count(size_t first_block, const std::vector<TokenRange>& ranges) {
  std::vector<ChosenBlock> counts;
  BlockCounter counter(kBlocks, first_block, &counts);
  for (const TokenRange& range : ranges) counter.Add(range);
  return counts;
}

TEST(BlockCounterTest, CountsEachTokenInItsBlock) {
  EXPECT_THAT(Count(0, {{0, 20}}), ElementsAre(ChosenBlock{0, 4}, ChosenBlock{1, 6},
                                               ChosenBlock{2, 3}, ChosenBlock{3, 7}));
  EXPECT_THAT(Count(1, {{5, 6}, {8, 9}, {12, 14}}),
              ElementsAre(ChosenBlock{1, 2}, ChosenBlock{2, 1}, ChosenBlock{3, 1}));
}

TEST(BlockCounterTest, LeavesOutTheSinkAndWhatIsBehindTheBlocks) {
  EXPECT_THAT(Count(1, {{0, 5}, {19, 40}}), ElementsAre(ChosenBlock{1, 1}, ChosenBlock{3, 1}));
  EXPECT_THAT(Count(1, {{11, 12}, {0, 4}, {20, 30}}), ElementsAre(ChosenBlock{2, 1}));
  EXPECT_THAT(Count(4, {{20, 30}}), IsEmpty());
}

TEST(BlockCounterTest, CountsNothingWithoutBlocks) {
  for (const size_t first_block : {0, 1}) {
    std::vector<ChosenBlock> counts;
    BlockCounter counter({}, first_block, &counts);
    counter.Add({0, 100});
    EXPECT_THAT(counts, IsEmpty());
  }
}

}  // namespace
}  // namespace dynsplit
