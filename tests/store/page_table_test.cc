#include "store/page_table.h"

#include <gtest/gtest.h>

namespace dynsplit {
namespace {

constexpr int kLayers = 2;
constexpr int kHeads = 3;
constexpr int kDim = 16;

f16* Row(const PageTable& table, int layer, int head, int64_t token) {
  return table.Writable(layer, head)[token / kPageTokens] + (token % kPageTokens) * kDim;
}

TEST(PageTableTest, ExtendsByWholePagesForEveryLayerAndHead) {
  PagePool pool(kDim);
  PageTable table(&pool, kLayers, kHeads, kDim);
  ASSERT_TRUE(table.Extend(0, 1).ok());
  EXPECT_EQ(table.bytes(), kLayers * kHeads * pool.page_bytes());
  ASSERT_TRUE(table.Extend(1, 63).ok());
  EXPECT_EQ(table.bytes(), kLayers * kHeads * pool.page_bytes());
  ASSERT_TRUE(table.Extend(64, 65).ok());
  EXPECT_EQ(table.bytes(), 3 * kLayers * kHeads * pool.page_bytes());
}

TEST(PageTableTest, ViewReadsWhatWasWritten) {
  PagePool pool(kDim);
  PageTable table(&pool, kLayers, kHeads, kDim);
  ASSERT_TRUE(table.Extend(0, 100).ok());
  for (int layer = 0; layer < kLayers; ++layer) {
    for (int head = 0; head < kHeads; ++head) {
      Row(table, layer, head, 70)[3] = static_cast<f16>(layer * 10 + head);
    }
  }
  EXPECT_EQ(table.View(1, 2).Key(70)[3], 12);
  EXPECT_EQ(table.View(0, 1).Key(70)[3], 1);
}

TEST(PageTableTest, ForkCopiesOnlyThePageItWritesTo) {
  PagePool pool(kDim);
  PageTable table(&pool, 1, 1, kDim);
  ASSERT_TRUE(table.Extend(0, 130).ok());  // pages 0, 1 and a started page 2
  Row(table, 0, 0, 129)[0] = 7;
  PageTable fork = table;
  EXPECT_EQ(pool.used_bytes(), 3 * pool.page_bytes());
  ASSERT_TRUE(fork.Extend(130, 1).ok());
  EXPECT_EQ(pool.used_bytes(), 4 * pool.page_bytes());
  EXPECT_EQ(fork.View(0, 0).Key(129)[0], 7);
  Row(fork, 0, 0, 130)[0] = 9;
  ASSERT_TRUE(table.Extend(130, 1).ok());
  EXPECT_EQ(pool.used_bytes(), 4 * pool.page_bytes());  // now the only owner of its page 2
  Row(table, 0, 0, 130)[0] = 8;
  EXPECT_EQ(fork.View(0, 0).Key(130)[0], 9);
  EXPECT_EQ(fork.View(0, 0).Key(0), table.View(0, 0).Key(0));
}

TEST(PageTableTest, AForkAfterAGivenUpPassSharesNoPageThatIsWrittenTo) {
  PagePool pool(kDim);
  PageTable table(&pool, 1, 1, kDim);
  ASSERT_TRUE(table.Extend(0, 100).ok());
  ASSERT_TRUE(table.Extend(100, 500).ok());  // given up: the next one starts at 100 again
  PageTable fork = table;
  ASSERT_TRUE(table.Extend(100, 500).ok());
  ASSERT_TRUE(fork.Extend(100, 500).ok());
  for (int64_t token = 100; token < 600; ++token) {
    EXPECT_NE(Row(table, 0, 0, token), Row(fork, 0, 0, token));
  }
  EXPECT_EQ(table.View(0, 0).Key(63), fork.View(0, 0).Key(63));
  ASSERT_TRUE(table.Extend(100, 1).ok());  // less than before: the rest goes back
  EXPECT_EQ(table.bytes(), 2 * pool.page_bytes());
}

TEST(PageTableTest, KeepsWhatItHeldWhenPagesRunOut) {
  PagePool probe(kDim);
  ASSERT_TRUE(probe.Allocate().ok());
  PagePool pool(kDim, probe.allocated_bytes());
  PageTable table(&pool, 1, 1, kDim);
  ASSERT_TRUE(table.Extend(0, 64).ok());
  Row(table, 0, 0, 63)[0] = 5;
  EXPECT_EQ(table.Extend(64, 1 << 20).code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(table.View(0, 0).Key(63)[0], 5);
  EXPECT_TRUE(table.Extend(64, 1).ok());
}

}  // namespace
}  // namespace dynsplit
