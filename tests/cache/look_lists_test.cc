#include "cache/look_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/memory_file.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;

constexpr CacheShape kShape{.num_layers = 2, .num_heads = 4, .kv_heads = 2, .head_dim = 16};

// Of the two query heads of a KV head; the first number of each is given, the others are 1.
std::vector<float> Queries(float first) {
  std::vector<float> queries(32, 1);
  for (const size_t i : {0, 16}) queries[i] = 10 * first;
  return queries;
}

// `count` vectors of 16, whose first numbers are given and whose others are 0.
std::vector<float> Vectors(std::vector<std::array<float, 2>> begins) {
  std::vector<float> vectors(16 * begins.size());
  for (size_t i = 0; i < begins.size(); ++i) {
    std::copy(begins[i].begin(), begins[i].end(), vectors.begin() + static_cast<ptrdiff_t>(16 * i));
  }
  return vectors;
}

TEST(AllPointAlikeTest, ByTheCosineOfEachPair) {
  const std::vector<float> a = Vectors({{1, 0}, {0, 2}});
  const std::vector<float> turned = Vectors({{3, 4}, {0, 5}});  // cosines 0.6 and 1
  EXPECT_TRUE(AllPointAlike(a, turned, 16, 0.59));
  EXPECT_FALSE(AllPointAlike(a, turned, 16, 0.61));
  EXPECT_TRUE(AllPointAlike(a, Vectors({{-1, 0}, {0, -1}}), 16, -1));
  EXPECT_FALSE(AllPointAlike(a, Vectors({{1, 0}, {0, -2}}), 16, 0));
}

TEST(AllPointAlikeTest, NotWhereOneIsOfAnotherShapeOrNoNumber) {
  const std::vector<float> a = Vectors({{1, 0}});
  EXPECT_FALSE(AllPointAlike(a, Vectors({{1, 0}, {1, 0}}), 16, -1));
  EXPECT_FALSE(AllPointAlike(a, Vectors({{std::numeric_limits<float>::quiet_NaN(), 0}}), 16, -1));
}

TEST(LookListsTest, MayServeTheStepsAfterTheFirstRow) {
  const LookLists looks(kShape, 100, 20);
  EXPECT_FALSE(looks.MayServe(100, 20, 4));  // it chooses
  EXPECT_TRUE(looks.MayServe(101, 20, 4));
  EXPECT_TRUE(looks.MayServe(103, 20, 4));
  EXPECT_FALSE(looks.MayServe(104, 20, 4));
  EXPECT_FALSE(looks.MayServe(101, 21, 4));  // a new block
  EXPECT_FALSE(looks.MayServe(99, 20, 4));
}

TEST(LookListsTest, AHeadsServesQueriesLikeThoseItWasMadeFor) {
  LookLists looks(kShape, 100, 20);
  const std::vector<float> queries = Queries(1), like = Queries(1.1f), unlike = Queries(-1);
  EXPECT_FALSE(looks.Serves({1, 0}, queries, -1));  // there is none
  *looks.Renew({1, 0}, queries) = {2, 3};
  EXPECT_FALSE(looks.Serves({1, 0}, queries, 0.8));  // nor before the pass is committed
  looks.Commit();
  EXPECT_TRUE(looks.Serves({1, 0}, like, 0.8));
  EXPECT_FALSE(looks.Serves({1, 0}, unlike, 0.8));
  EXPECT_TRUE(looks.Serves({1, 0}, unlike, -1));
  EXPECT_FALSE(looks.Serves({1, 1}, like, 0.8));
  looks.Reset(110, 21);
  EXPECT_FALSE(looks.Serves({1, 0}, like, 0.8));
}

TEST(LookListsTest, AnAbandonedPassLeavesWhatThereWas) {
  LookLists looks(kShape, 100, 20);
  *looks.Renew({1, 0}, Queries(1)) = {2, 3};
  looks.Commit();
  *looks.Renew({1, 0}, Queries(-1)) = {4};
  *looks.Renew({0, 0}, Queries(-1)) = {5};
  looks.Abandon();
  looks.Commit();
  EXPECT_THAT(looks.blocks({1, 0}), ElementsAre(2, 3));
  EXPECT_TRUE(looks.Serves({1, 0}, Queries(1), 0.8));
  EXPECT_FALSE(looks.Serves({0, 0}, Queries(-1), -1));
}

class LookListsArchiveTest : public ::testing::Test {
 protected:
  Result<LookLists> SaveAndLoad(const LookLists& looks, int64_t tokens, int64_t num_blocks) {
    ArchiveWriter writer(&file_);
    looks.Save(&writer);
    EXPECT_TRUE(writer.EndRecord().ok());
    ArchiveReader reader(&file_, file_.content().size(), "s");
    EXPECT_TRUE(reader.NextRecord().ok());
    return LookLists::Load(kShape, {tokens, num_blocks, 4}, &reader);
  }

  MemoryFile::Faults faults_;
  MemoryFile file_{&faults_};
};

TEST_F(LookListsArchiveTest, ComeBackAsTheyWere) {
  LookLists looks(kShape, 100, 20);
  *looks.Renew({1, 0}, Queries(1)) = {2, 3, 19};
  looks.Commit();
  const Result<LookLists> loaded = SaveAndLoad(looks, 101, 20);
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  LookLists again = *loaded;
  EXPECT_THAT(again.blocks({1, 0}), ElementsAre(2, 3, 19));
  EXPECT_TRUE(again.blocks({0, 1}).empty());
  EXPECT_EQ(again.position(), 100);
  EXPECT_TRUE(again.MayServe(101, 20, 2));
  EXPECT_TRUE(again.Serves({1, 0}, Queries(1), 1 - 1e-6));
  EXPECT_FALSE(again.Serves({0, 1}, Queries(1), -1));
}

TEST_F(LookListsArchiveTest, RefuseWhatDoesNotFit) {
  const LookLists looks(kShape, 100, 20);
  EXPECT_EQ(SaveAndLoad(looks, 100, 20).status().code(), StatusCode::kCorruption);
}

TEST_F(LookListsArchiveTest, RefuseMoreBlocksThanThereAre) {
  EXPECT_EQ(SaveAndLoad(LookLists(kShape, 100, 20), 101, 19).status().code(),
            StatusCode::kCorruption);
}

TEST_F(LookListsArchiveTest, RefuseListsThatDoNotAscend) {
  LookLists looks(kShape, 100, 20);
  *looks.Renew({0, 0}, Queries(1)) = {3, 3};
  looks.Commit();
  EXPECT_EQ(SaveAndLoad(looks, 101, 20).status().code(), StatusCode::kCorruption);
}

TEST_F(LookListsArchiveTest, RefuseTheSink) {
  LookLists looks(kShape, 100, 20);
  *looks.Renew({0, 0}, Queries(1)) = {0, 3};
  looks.Commit();
  EXPECT_EQ(SaveAndLoad(looks, 101, 20).status().code(), StatusCode::kCorruption);
}

TEST_F(LookListsArchiveTest, RefuseQueriesOfAnotherShape) {
  for (const size_t size : {8, 80}) {
    LookLists looks(kShape, 100, 20);
    *looks.Renew({0, 0}, std::vector<float>(size, 1)) = {3};
    looks.Commit();
    EXPECT_EQ(SaveAndLoad(looks, 101, 20).status().code(), StatusCode::kCorruption) << size;
  }
}

TEST_F(LookListsArchiveTest, RefuseUnknownBlocks) {
  LookLists looks(kShape, 100, 20);
  *looks.Renew({0, 0}, Queries(1)) = {3, 20};
  looks.Commit();
  EXPECT_EQ(SaveAndLoad(looks, 101, 20).status().code(), StatusCode::kCorruption);
}

}  // namespace
}  // namespace dynsplit
