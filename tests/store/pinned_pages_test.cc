#include "store/pinned_pages.h"

#include <gtest/gtest.h>

#include "base/memory_file.h"

namespace dynsplit {
namespace {

constexpr int kDim = 16;
constexpr size_t kPageBytes = PageElements(kDim) * sizeof(f16);

class PinnedPagesTest : public ::testing::TestWithParam<bool> {
 protected:
  PinnedPagesTest()
      : pool_(kDim, GetParam() ? 6 * kPageBytes : 0,
              GetParam() ? std::make_unique<MemoryFile>(&faults_) : nullptr),
        table_(&pool_, {.num_layers = 2, .num_heads = 2, .kv_heads = 2, .head_dim = kDim}) {
    EXPECT_TRUE(table_.Extend(0, 300).ok());
    for (int layer = 0; layer < 2; ++layer) {
      for (int head = 0; head < 2; ++head) {
        for (int64_t token = 0; token < 300; ++token) {
          PinnedPages pages(table_, layer, head);
          EXPECT_TRUE(pages.PinToWrite({token, token + 1}).ok());
          const int64_t row = token % kPageTokens * kDim;
          pages.keys()[token / kPageTokens][row] = Value(layer, head, token);
          pages.values()[token / kPageTokens][row] =
              static_cast<f16>(10000 + Value(layer, head, token));
        }
      }
    }
  }

  static f16 Value(int layer, int head, int64_t token) {
    return static_cast<f16>(layer * 1000 + head * 500 + token);
  }

  MemoryFile::Faults faults_;
  PagePool pool_;
  PageTable table_;
};

TEST_P(PinnedPagesTest, ReadsWhatWasWritten) {
  PinnedPages pages;
  for (int layer = 0; layer < 2; ++layer) {
    for (int head = 0; head < 2; ++head) {
      for (int64_t token = 0; token < 300; token += 7) {
        pages.Reset(table_, layer, head);
        ASSERT_TRUE(pages.Pin(KvPart::kKeys, {token, token + 1}).ok());
        ASSERT_TRUE(pages.Pin(KvPart::kValues, {token, token + 1}).ok());
        EXPECT_EQ(*pages.view().Key(token), Value(layer, head, token));
        EXPECT_EQ(*pages.view().Value(token), 10000 + Value(layer, head, token));
      }
    }
  }
}

TEST_P(PinnedPagesTest, PinsRangesAndScatteredTokens) {
  PinnedPages pages(table_, 1, 0);
  ASSERT_TRUE(pages.Pin(KvPart::kKeys, TokenRange{60, 130}).ok());
  for (int64_t token = 60; token < 130; ++token) {
    EXPECT_EQ(*pages.view().Key(token), Value(1, 0, token));
  }
  pages.Release();
  pages.Reset(table_, 1, 0);
  const std::vector<int32_t> tokens = {3, 3, 5, 70, 290, 299};
  ASSERT_TRUE(pages.Pin(KvPart::kValues, tokens).ok());
  for (const int32_t token : tokens) {
    EXPECT_EQ(*pages.view().Value(token), 10000 + Value(1, 0, token));
  }
  EXPECT_TRUE(pages.Pin(KvPart::kKeys, TokenRange{5, 5}).ok());  // none
}

TEST_P(PinnedPagesTest, RowsOfPagesThatBypassAreThere) {
  for (int pass = 0; pass < 6; ++pass) {
    for (int layer = 0; layer < 2; ++layer) {
      pool_.EnterLayer(layer, 2);
      PinnedPages pages(table_, layer, 1);
      // The first page is asked for twice, in the order of keys that are always looked at.
      const std::vector<int32_t> tokens = {9, 63, 64, 150, 151, 260, 0, 1, 299};
      ASSERT_TRUE(pages.Pin(KvPart::kKeys, tokens).ok());
      ASSERT_TRUE(pages.Pin(KvPart::kValues, TokenRange{100, 110}).ok());
      ASSERT_TRUE(pages.Pin(KvPart::kValues, TokenRange{105, 128}).ok());
      for (const int32_t token : tokens) {
        EXPECT_EQ(*pages.view().Key(token), Value(layer, 1, token)) << pass << " " << token;
      }
      for (int64_t token = 100; token < 128; ++token) {
        EXPECT_EQ(*pages.view().Value(token), 10000 + Value(layer, 1, token)) << pass;
      }
      pages.Release();
      ASSERT_TRUE(pages.Pin(KvPart::kKeys, TokenRange{0, 64}).ok());
      EXPECT_EQ(*pages.view().Key(30), Value(layer, 1, 30));
    }
  }
}

TEST_P(PinnedPagesTest, LetsGoWhenReleasedResetOrDestroyed) {
  for (int i = 0; i < 3; ++i) {
    PinnedPages pages(table_, 0, 0);
    ASSERT_TRUE(pages.Pin(KvPart::kKeys, TokenRange{0, 300}).ok());
    if (i == 0) pages.Release();
    if (i == 1) pages.Reset(table_, 1, 1);
  }
  for (int layer = 0; layer < 2; ++layer) {
    for (const PageRef& page : table_.row(layer, layer).keys) EXPECT_LE(page.get()->pins, 0);
  }
}

TEST_P(PinnedPagesTest, ForksReadThroughTheirOwnTables) {
  PageTable fork = table_;
  ASSERT_TRUE(fork.Extend(300, 1).ok());
  ASSERT_TRUE(table_.Extend(300, 1).ok());
  for (const auto& [table, value] : {std::pair{&table_, 1}, std::pair{&fork, 2}}) {
    PinnedPages pages(*table, 0, 1);
    ASSERT_TRUE(pages.PinToWrite({300, 301}).ok());
    pages.keys()[300 / kPageTokens][300 % kPageTokens * kDim] = static_cast<f16>(value);
  }
  for (const auto& [table, value] : {std::pair{&table_, 1}, std::pair{&fork, 2}}) {
    PinnedPages pages(*table, 0, 1);
    ASSERT_TRUE(pages.Pin(KvPart::kKeys, TokenRange{299, 301}).ok());
    EXPECT_EQ(*pages.view().Key(300), value);
    EXPECT_EQ(*pages.view().Key(299), Value(0, 1, 299));
  }
}

INSTANTIATE_TEST_SUITE_P(All, PinnedPagesTest, ::testing::Bool(), [](const auto& param) {
  return std::string(param.param ? "Paged" : "InMemory");
});

}  // namespace
}  // namespace dynsplit
