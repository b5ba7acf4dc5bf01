#include "store/page_table.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/memory_file.h"
#include "kernels/f16.h"
#include "kernels/page_codec.h"
#include "store/pinned_pages.h"

namespace dynsplit {
namespace {

constexpr int kLayers = 2;
constexpr int kHeads = 3;
constexpr int kDim = 16;

const CacheShape kShape{
    .num_layers = kLayers, .num_heads = kHeads, .kv_heads = kHeads, .head_dim = kDim};
const CacheShape kOneHead{.num_layers = 1, .num_heads = 1, .kv_heads = 1, .head_dim = kDim};

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
  PageTable table(&pool, kShape);
  ASSERT_TRUE(table.Extend(0, 1).ok());
  EXPECT_EQ(table.bytes(), 2 * kLayers * kHeads * pool.page_bytes());
  ASSERT_TRUE(table.Extend(1, 63).ok());
  EXPECT_EQ(table.bytes(), 2 * kLayers * kHeads * pool.page_bytes());
  ASSERT_TRUE(table.Extend(64, 65).ok());
  EXPECT_EQ(table.bytes(), 6 * kLayers * kHeads * pool.page_bytes());
}

TEST(PageTableTest, HasAPageOfKeysAndOneOfValuesForEachLayerAndHead) {
  PagePool pool(kDim);
  PageTable table(&pool, kShape);
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
  PageTable table(&pool, kOneHead);
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

TEST(PageTableTest, TruncatingGivesUpThePagesBehind) {
  PagePool pool(kDim);
  PageTable table(&pool, kOneHead);
  ASSERT_TRUE(table.Extend(0, 130).ok());
  Key(table, 0, 0, 100)[0] = 7;
  PageTable fork = table;
  fork.Truncate(101);
  EXPECT_EQ(fork.bytes(), 4 * pool.page_bytes());
  EXPECT_EQ(table.bytes(), 6 * pool.page_bytes());
  ASSERT_TRUE(fork.Extend(101, 1).ok());
  Key(fork, 0, 0, 101)[0] = 9;
  EXPECT_EQ(Key(fork, 0, 0, 100)[0], 7);
  EXPECT_NE(Key(fork, 0, 0, 101), Key(table, 0, 0, 101));
}

TEST(PageTableTest, AForkAfterAGivenUpPassSharesNoPageThatIsWrittenTo) {
  PagePool pool(kDim);
  PageTable table(&pool, kOneHead);
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
  PageTable table(&pool, kOneHead);
  ASSERT_TRUE(table.Extend(0, 64).ok());
  Key(table, 0, 0, 63)[0] = 5;
  EXPECT_EQ(table.Extend(64, 1 << 20).code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(Key(table, 0, 0, 63)[0], 5);
  EXPECT_TRUE(table.Extend(64, 1).ok());
}

// Of layers with 1 and 2 KV heads, of which the second one has a window of 100 tokens.
class WindowedPageTableTest : public ::testing::Test {
 protected:
  static constexpr int kWindow = 100;

  // Pages of keys that a row holds.
  int64_t NumPages(int layer, int head) const {
    const PageTable::Row& row = table_.row(layer, head);
    EXPECT_EQ(row.keys.size(), row.values.size());
    return std::ranges::count_if(row.keys,
                                 [](const PageRef& page) { return page.get() != nullptr; });
  }
  static int64_t Pages(int64_t tokens) { return (tokens + kPageTokens - 1) / kPageTokens; }

  PagePool pool_{kDim};
  PageTable table_{&pool_, CacheShape{.num_layers = 2,
                                      .num_heads = 2,
                                      .kv_heads = 2,
                                      .head_dim = kDim,
                                      .layers = {{.kv_heads = 1}, {.kv_heads = 2, .window = 100}}}};
};

TEST_F(WindowedPageTableTest, ALayerHasPagesForItsOwnHeads) {
  ASSERT_TRUE(table_.Extend(0, 65).ok());
  EXPECT_EQ(NumPages(0, 0), 2);
  EXPECT_EQ(NumPages(0, 1), 0);
  EXPECT_EQ(NumPages(1, 1), 2);
  EXPECT_EQ(table_.bytes(), 12 * pool_.page_bytes());
}

// However the text comes: in single tokens or in chunks longer than the window.
TEST_F(WindowedPageTableTest, HoldsNoMoreThanItsWindowAndThePassInWholePages) {
  int64_t tokens = 0;
  for (const int64_t count : {30, 1, 1, 200, 1, 62, 1, 1, 640, 7, 57, 1}) {
    ASSERT_TRUE(table_.Extend(tokens, count).ok());
    for (int head = 0; head < 2; ++head) {
      // The pass's first row sees kWindow - 1 tokens before it; both ends may lie within a page.
      EXPECT_LE(NumPages(1, head), Pages(kWindow - 1 + count) + 1) << tokens << " + " << count;
    }
    tokens += count;
    table_.DropUnseen(tokens);
    EXPECT_EQ(NumPages(0, 0), Pages(tokens));
    const int64_t first = std::max<int64_t>(0, tokens + 1 - kWindow) / kPageTokens;
    for (int head = 0; head < 2; ++head) {
      EXPECT_EQ(NumPages(1, head), Pages(tokens) - first) << tokens;
      EXPECT_LE(NumPages(1, head), Pages(kWindow) + 1);
    }
    EXPECT_EQ(pool_.used_bytes(), table_.bytes());
  }
}

TEST_F(WindowedPageTableTest, AForkKeepsWhatTheOtherOneGivesBack) {
  ASSERT_TRUE(table_.Extend(0, 128).ok());
  table_.row(1, 0).key_rows[1][0] = 7;
  PageTable fork = table_;
  ASSERT_TRUE(table_.Extend(128, 500).ok());
  table_.DropUnseen(628);
  EXPECT_EQ(table_.row(1, 0).keys[1].get(), nullptr);
  ASSERT_NE(fork.row(1, 0).keys[1].get(), nullptr);
  EXPECT_EQ(fork.row(1, 0).key_rows[1][0], 7);
}

TEST_F(WindowedPageTableTest, APassThatIsGivenUpTakesNothingFromTheNext) {
  ASSERT_TRUE(table_.Extend(0, 130).ok());
  table_.DropUnseen(130);
  ASSERT_TRUE(table_.Extend(130, 500).ok());  // given up
  ASSERT_TRUE(table_.Extend(130, 1).ok());
  EXPECT_NE(table_.row(1, 0).keys[0].get(), nullptr);  // token 130 sees token 31
}

TEST_F(WindowedPageTableTest, RestoresWhatItWouldHold) {
  PageTable restored(&pool_, table_.shape());
  ASSERT_TRUE(restored.Restore(700).ok());
  EXPECT_EQ(pool_.used_bytes(), restored.bytes());
  ASSERT_TRUE(table_.Extend(0, 700).ok());
  table_.DropUnseen(700);
  EXPECT_EQ(restored.bytes(), table_.bytes());
  EXPECT_EQ(restored.resident_bytes(), table_.bytes());
  EXPECT_EQ(restored.row(1, 1).first, table_.row(1, 1).first);
}

// Pages that go anyhow are not encoded first; those of the window are, once they are cold.
TEST(WindowedTiersTest, OnlyWhatAWindowHoldsIsEncoded) {
  PagePool pool(kDim, {KvType::kF16, KvType::kQ4}, {}, {});
  const auto table_of = [&](int window) {
    return PageTable(&pool, CacheShape{.num_layers = 1,
                                       .num_heads = 1,
                                       .kv_heads = 1,
                                       .head_dim = kDim,
                                       .layers = {{.kv_heads = 1, .window = window}}});
  };
  for (const int window : {64, 100, 300}) {
    PageTable table = table_of(window);
    for (int64_t tokens = 0; tokens < 1000; tokens += 250) {
      ASSERT_TRUE(table.Extend(tokens, 250).ok());
      ASSERT_TRUE(table.EncodeCold(tokens + 250).ok());
      table.AdoptCold();
      table.DropUnseen(tokens + 250);
      EXPECT_EQ(table.cold_end(), table.ColdEndAt(tokens + 250));
      EXPECT_EQ(pool.used_bytes(), table.bytes()) << window;
    }
    const int64_t first = (1001 - window) / kPageTokens, cold = 832 / kPageTokens;
    EXPECT_EQ(table.bytes(),
              2 * (static_cast<size_t>(std::max<int64_t>(0, cold - first)) *
                       pool.page_bytes(PageTier::kCold) +
                   static_cast<size_t>(16 - std::max(cold, first)) * pool.page_bytes()))
        << window;
  }
}

// With pages in memory for good, and with four of each tier.
class TieredPageTableTest : public ::testing::TestWithParam<bool> {
 protected:
  static constexpr KvTypes kTypes = {KvType::kF16, KvType::kQ8};

  TieredPageTableTest()
      : pool_(kDim, kTypes, Memory(kTypes.hot), Memory(kTypes.cold)), table_(&pool_, kOneHead) {}

  TierMemory Memory(KvType type) {
    if (!GetParam()) return {};
    return {4 * PageBytes(type, kDim), std::make_unique<MemoryFile>(&faults_)};
  }

  // One row of tokens behind another: token t has the value t / 8 in all channels.
  Status TryAppend(PageTable* table, int64_t first, int64_t count) {
    DYNSPLIT_RETURN_IF_ERROR(table->Extend(first, count));
    for (int64_t token = first; token < first + count; ++token) {
      PinnedPages pages(*table, 0, 0);
      DYNSPLIT_RETURN_IF_ERROR(pages.PinToWrite({token, token + 1}));
      const f16 value = F16FromF32(static_cast<float>(token) / 8);
      const int64_t row = token % kPageTokens * kDim;
      std::fill_n(pages.keys()[token / kPageTokens] + row, kDim, value);
      std::fill_n(pages.values()[token / kPageTokens] + row, kDim, value);
    }
    DYNSPLIT_RETURN_IF_ERROR(table->EncodeCold(first + count));
    table->AdoptCold();
    return {};
  }

  // The page's bytes: of an f16 or an encoded one.
  std::vector<f16> PageOf(const PageTable& table, KvPart part, int64_t token) {
    PinnedPages pages(table, 0, 0);
    EXPECT_TRUE(pages.Pin(part, TokenRange{token, token + 1}).ok());
    const PartView view = pages.view().Part(part);
    const KvType type = token < table.cold_end() ? kTypes.cold : kTypes.hot;
    const f16* page = view.Page(token);
    return {page, page + PageBytes(type, kDim) / sizeof(f16)};
  }

  void ExpectHolds(const PageTable& table, int64_t tokens) {
    for (int64_t token = 0; token < tokens; ++token) {
      PinnedPages pages(table, 0, 0);
      ASSERT_TRUE(pages.Pin(KvPart::kKeys, TokenRange{token, token + 1}).ok());
      const std::vector<f16> key = DecodedRow(pages.view().Part(KvPart::kKeys), token);
      // A scale is rounded up to f16, and what is decoded to the nearest.
      const double value = static_cast<double>(token) / 8;
      ASSERT_NEAR(F32FromF16(key[kDim - 1]), value, token < table.cold_end() ? value / 127 : 0)
          << token;
    }
  }

  MemoryFile::Faults faults_;
  PagePool pool_;
  PageTable table_;
};

TEST_P(TieredPageTableTest, PagesBecomeColdByPosition) {
  int64_t tokens = 0;
  for (const int64_t count : {191, 1, 63, 1, 200, 1}) {
    ASSERT_TRUE(TryAppend(&table_, tokens, count).ok());
    tokens += count;
    const int64_t want = std::max<int64_t>(0, tokens - kHotTokens) / kPageTokens * kPageTokens;
    EXPECT_EQ(table_.cold_end(), want) << tokens;
    const int64_t pages = (tokens + kPageTokens - 1) / kPageTokens, cold = want / kPageTokens;
    EXPECT_EQ(table_.bytes(), static_cast<size_t>(2 * cold) * pool_.page_bytes(PageTier::kCold) +
                                  static_cast<size_t>(2 * (pages - cold)) * pool_.page_bytes());
    EXPECT_EQ(pool_.used_bytes(), table_.bytes());  // what was encoded has gone
    ExpectHolds(table_, tokens);
  }
  if (GetParam()) {
    EXPECT_LE(table_.resident_bytes(), pool_.allocated_bytes());
    EXPECT_GE(pool_.spilled_bytes() + table_.resident_bytes(), table_.bytes());
  } else {
    EXPECT_EQ(table_.resident_bytes(), table_.bytes());
  }
}

TEST_P(TieredPageTableTest, APageIsEncodedOnce) {
  ASSERT_TRUE(TryAppend(&table_, 0, 300).ok());
  const std::vector<f16> before = PageOf(table_, KvPart::kKeys, 0);
  for (int64_t tokens = 300; tokens < 800; tokens += 100) {
    ASSERT_TRUE(TryAppend(&table_, tokens, 100).ok());
    EXPECT_EQ(PageOf(table_, KvPart::kKeys, 0), before);
  }
}

TEST_P(TieredPageTableTest, StepsOfAnyLengthGiveTheSamePages) {
  ASSERT_TRUE(TryAppend(&table_, 0, 400).ok());
  PageTable other(&pool_, kOneHead);
  for (int64_t tokens = 0; tokens < 400; tokens += 16) {
    ASSERT_TRUE(TryAppend(&other, tokens, 16).ok());
  }
  EXPECT_EQ(table_.cold_end(), other.cold_end());
  for (int64_t token = 0; token < 384; token += kPageTokens) {
    for (const KvPart part : {KvPart::kKeys, KvPart::kValues}) {
      EXPECT_EQ(PageOf(table_, part, token), PageOf(other, part, token)) << token;
    }
  }
}

TEST_P(TieredPageTableTest, ForksShareColdPages) {
  ASSERT_TRUE(TryAppend(&table_, 0, 300).ok());
  PageTable fork = table_;
  const size_t used = pool_.used_bytes();
  ASSERT_TRUE(TryAppend(&fork, 300, 1).ok());
  EXPECT_EQ(pool_.used_bytes(), used + 2 * pool_.page_bytes());  // the page that it writes to
  // Each encodes what becomes cold later by itself, and neither changes the other's.
  ASSERT_TRUE(TryAppend(&fork, 301, 100).ok());
  EXPECT_EQ(table_.cold_end(), 128);
  EXPECT_EQ(fork.cold_end(), 256);
  ExpectHolds(table_, 300);
  ExpectHolds(fork, 401);
}

TEST_P(TieredPageTableTest, WhatIsNotAdoptedIsForgotten) {
  ASSERT_TRUE(TryAppend(&table_, 0, 190).ok());
  ASSERT_TRUE(table_.Extend(190, 70).ok());
  ASSERT_TRUE(table_.EncodeCold(260).ok());
  EXPECT_EQ(table_.cold_end(), 0);
  ASSERT_TRUE(TryAppend(&table_, 190, 1).ok());
  EXPECT_EQ(table_.cold_end(), 0);
  EXPECT_EQ(pool_.used_bytes(), 6 * pool_.page_bytes());
  ExpectHolds(table_, 191);
}

// Each call of the files fails once: what was held before stays, and the next try succeeds.
TEST_P(TieredPageTableTest, AFailedEncodingLosesNothing) {
  if (!GetParam()) GTEST_SKIP() << "nothing can fail";
  ASSERT_TRUE(TryAppend(&table_, 0, 300).ok());
  int failed = 0;
  int64_t calls = 1;
  for (int64_t fail_at = 0; fail_at < calls; ++fail_at) {
    PageTable fork = table_;
    faults_.calls = 0;
    faults_.fail_at = fail_at;
    if (!TryAppend(&fork, 300, 150).ok()) {
      ++failed;
      EXPECT_EQ(fork.cold_end(), 128);
      ExpectHolds(fork, 300);
      ASSERT_TRUE(TryAppend(&fork, 300, 150).ok());
    }
    calls = faults_.calls;
    faults_.fail_at = -1;
    ExpectHolds(fork, 450);
  }
  EXPECT_GT(failed, 5);
}

TEST_P(TieredPageTableTest, RestoresATextsTiers) {
  ASSERT_TRUE(table_.Restore(300).ok());
  EXPECT_EQ(table_.cold_end(), 128);
  EXPECT_EQ(table_.bytes(), 4 * pool_.page_bytes(PageTier::kCold) + 6 * pool_.page_bytes());
}

INSTANTIATE_TEST_SUITE_P(InMemoryAndPaged, TieredPageTableTest, ::testing::Bool());

}  // namespace
}  // namespace dynsplit
