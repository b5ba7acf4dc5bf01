#include "index/run_index.h"

#include <gtest/gtest.h>

#include "kernels/kernel_fixture.h"
#include "kernels/run_score.h"
#include "kernels/summarize.h"

namespace dynsplit {
namespace {

constexpr int kHeadDim = 16;
constexpr int kLayers = 2;
constexpr int kHeads = 3;

class RunIndexTest : public ::testing::Test {
 protected:
  RunIndexTest() {
    Rng rng(1);
    for (int i = 0; i < kLayers * kHeads; ++i) pages_.emplace_back(rng, 1200, kHeadDim);
    for (const RandomPages& pages : pages_) views_.push_back(pages.View());
  }

  // Adds the runs that the first `tokens` tokens have.
  void Extend(int64_t tokens, RunIndex* index) {
    const TokenRange added = {index->num_runs(), tokens / kRunTokens};
    index->Reserve(added.end);
    if (added.start >= added.end) return;
    for (int layer = 0; layer < kLayers; ++layer) {
      index->Fill(layer, added, std::span(views_).subspan(layer * kHeads, kHeads));
    }
  }

  void ExpectMeans(const RunIndex& index) {
    for (int i = 0; i < kLayers * kHeads; ++i) {
      std::vector<const f16*> chunks;
      index.AppendChunks(i / kHeads, i % kHeads, &chunks);
      ASSERT_EQ(static_cast<int64_t>(chunks.size()),
                (index.num_runs() + kMeanChunk - 1) / kMeanChunk);
      for (int64_t run = 0; run < index.num_runs(); ++run) {
        std::vector<f16> want(kHeadDim);
        Summarize(Summary::kMean, views_[i], {run * kRunTokens, (run + 1) * kRunTokens}, 1,
                  want.data());
        const f16* got = chunks[run / kMeanChunk] + run % kMeanChunk * kHeadDim;
        ASSERT_TRUE(std::equal(want.begin(), want.end(), got)) << run << ", " << i;
      }
    }
  }

  std::vector<RandomPages> pages_;  // [kLayers * kHeads]
  std::vector<KvView> views_;
};

TEST_F(RunIndexTest, HoldsTheMeansOfWholeRuns) {
  RunIndex index(kLayers, kHeads, kHeadDim);
  EXPECT_EQ(index.num_runs(), 0);
  Extend(1199, &index);
  EXPECT_EQ(index.num_runs(), 149);
  ExpectMeans(index);
}

TEST_F(RunIndexTest, GrowsInAnySteps) {
  RunIndex index(kLayers, kHeads, kHeadDim);
  for (const int64_t tokens : {0, 7, 8, 9, 520, 519, 1200}) Extend(tokens, &index);
  EXPECT_EQ(index.num_runs(), 150);
  ExpectMeans(index);
}

TEST_F(RunIndexTest, CopiesStayWhatTheyAre) {
  RunIndex index(kLayers, kHeads, kHeadDim);
  Extend(300, &index);
  RunIndex copy = index;
  Extend(1200, &copy);
  EXPECT_EQ(index.num_runs(), 37);
  ExpectMeans(index);
  ExpectMeans(copy);
  EXPECT_GT(copy.bytes(), index.bytes());
}

}  // namespace
}  // namespace dynsplit
