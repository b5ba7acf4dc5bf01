#include "cache/look_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/memory_file.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;

constexpr CacheShape kShape{.num_layers = 2, .num_heads = 4, .kv_heads = 2, .head_dim = 16};

TEST(LookListsTest, ServeTheStepsAfterTheRowThatChose) {
  const LookLists looks(kShape, 100, 20);
  EXPECT_FALSE(looks.Serve(100, 20, 4));  // it chooses
  EXPECT_TRUE(looks.Serve(101, 20, 4));
  EXPECT_TRUE(looks.Serve(103, 20, 4));
  EXPECT_FALSE(looks.Serve(104, 20, 4));
  EXPECT_FALSE(looks.Serve(101, 21, 4));  // a new block
  EXPECT_FALSE(looks.Serve(99, 20, 4));
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
  looks.blocks({1, 0}) = {2, 3, 19};
  const Result<LookLists> loaded = SaveAndLoad(looks, 101, 20);
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  LookLists again = *loaded;
  EXPECT_THAT(again.blocks({1, 0}), ElementsAre(2, 3, 19));
  EXPECT_TRUE(again.blocks({0, 1}).empty());
  EXPECT_EQ(again.position(), 100);
  EXPECT_TRUE(again.Serve(101, 20, 2));
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
  looks.blocks({0, 0}) = {3, 3};
  EXPECT_EQ(SaveAndLoad(looks, 101, 20).status().code(), StatusCode::kCorruption);
}

TEST_F(LookListsArchiveTest, RefuseTheSink) {
  LookLists looks(kShape, 100, 20);
  looks.blocks({0, 0}) = {0, 3};
  EXPECT_EQ(SaveAndLoad(looks, 101, 20).status().code(), StatusCode::kCorruption);
}

TEST_F(LookListsArchiveTest, RefuseUnknownBlocks) {
  LookLists looks(kShape, 100, 20);
  looks.blocks({0, 0}) = {3, 20};
  EXPECT_EQ(SaveAndLoad(looks, 101, 20).status().code(), StatusCode::kCorruption);
}

}  // namespace
}  // namespace dynsplit
