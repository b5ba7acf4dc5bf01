#include "store/page_table.h"

#include <gtest/gtest.h>

namespace dynsplit {
namespace {

constexpr int kLayers = 2;
constexpr int kHeads = 3;
constexpr int kDim = 16;

f16* Key(const PageTable& table, int layer, int head, int64_t token) {
  return table.row(layer, head).key_rows[static_cast<size_t>(token / kPageTokens)] +
         token % kPageTokens * kDim;
}
f16* Value(const PageTable& table, int layer, int head, int64_t token) {
  return table.row(layer, head).value_rows[static_cast<size_t>(token / kPageTokens)] +
         token % kPageTokens * kDim;
}

TEST(PageTableTest, ExtendsByWholePagesForEveryLayerAndHead) {
  PagePool pool(kDim);
  PageTable table(&pool, kLayers, kHeads, kDim);
  ASSERT_TRUE(table.Extend(0, 1).ok());
  EXPECT_EQ(table.bytes(), 2 * kLayers * kHeads * pool.page_bytes());
  ASSERT_TRUE(table.Extend(1, 63).ok());
  EXPECT_EQ(table.bytes(), 2 * kLayers * kHeads * pool.page_bytes());
  ASSERT_TRUE(table.Extend(64, 65).ok());
  EXPECT_EQ(table.bytes(), 6 * kLayers * kHeads * pool.page_bytes());
}

TEST(PageTableTest, HasAPageOfKeysAndOneOfValuesForEachLayerAndHead) {
  PagePool pool(kDim);
  PageTable table(&pool, kLayers, kHeads, kDim);
  ASSERT_TRUE(table.Extend(0, 100).ok());
  for (int layer = 0; layer < kLayers; ++layer) {
    for (int head = 0; head < kHeads; ++head) {
      Key(table, layer, head, 70)[3] = static_cast<f16>(layer * 10 + head);
      Value(table, layer, head, 70)[3] = static_cast<f16>(100 + layer * 10 + head);
    }
  }
  EXPECT_EQ(Key(table, 1, 2, 70)[3], 12);
  EXPECT_EQ(Value(table, 1, 2, 70)[3], 112);
  EXPECT_EQ(Key(table, 0, 1, 70)[3], 1);
}

TEST(PageTableTest, ForkCopiesOnlyThePageItWritesTo) {
  PagePool pool(kDim);
  PageTable table(&pool, 1, 1, kDim);
  ASSERT_TRUE(table.Extend(0, 130).ok());  // pages 0, 1 and a started page 2
  Key(table, 0, 0, 129)[0] = 7;
  Value(table, 0, 0, 129)[0] = 17;
  PageTable fork = table;
  EXPECT_EQ(pool.used_bytes(), 6 * pool.page_bytes());
  ASSERT_TRUE(fork.Extend(130, 1).ok());
  EXPECT_EQ(pool.used_bytes(), 8 * pool.page_bytes());
  EXPECT_EQ(Key(fork, 0, 0, 129)[0], 7);
  EXPECT_EQ(Value(fork, 0, 0, 129)[0], 17);
  Key(fork, 0, 0, 130)[0] = 9;
  ASSERT_TRUE(table.Extend(130, 1).ok());
  EXPECT_EQ(pool.used_bytes(), 8 * pool.page_bytes());  // now the only owner of its pages 2
  Key(table, 0, 0, 130)[0] = 8;
  EXPECT_EQ(Key(fork, 0, 0, 130)[0], 9);
  EXPECT_EQ(Key(fork, 0, 0, 0), Key(table, 0, 0, 0));
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
    EXPECT_NE(Key(table, 0, 0, token), Key(fork, 0, 0, token));
    EXPECT_NE(Value(table, 0, 0, token), Value(fork, 0, 0, token));
  }
  EXPECT_EQ(Key(table, 0, 0, 63), Key(fork, 0, 0, 63));
  ASSERT_TRUE(table.Extend(100, 1).ok());  // less than before: the rest goes back
  EXPECT_EQ(table.bytes(), 4 * pool.page_bytes());
}

TEST(PageTableTest, KeepsWhatItHeldWhenPagesRunOut) {
  PagePool pool(kDim, 100 * PageElements(kDim) * sizeof(f16));
  PageTable table(&pool, 1, 1, kDim);
  ASSERT_TRUE(table.Extend(0, 64).ok());
  Key(table, 0, 0, 63)[0] = 5;
  EXPECT_EQ(table.Extend(64, 1 << 20).code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(Key(table, 0, 0, 63)[0], 5);
  EXPECT_TRUE(table.Extend(64, 1).ok());
}

}  // namespace
}  // namespace dynsplit
