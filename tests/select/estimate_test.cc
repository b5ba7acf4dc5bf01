#include "select/estimate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/kernel_fixture.h"
#include "select/select_fixture.h"

namespace dynsplit {
namespace {

constexpr int kHeadDim = 16;
constexpr int kHeads = 2;

// 150 blocks of two to four tokens, in three chunks; the first one is the sink.
class EstimateTest : public ::testing::Test {
 protected:
  EstimateTest() {
    const std::vector<KvView> views = {pages_.View()};
    index_.Reserve(150);
    index_.Fill(0, 0, blocks_, views);
  }

  static std::vector<int> Lengths() {
    std::vector<int> lengths(150);
    for (size_t i = 0; i < lengths.size(); ++i) lengths[i] = 2 + static_cast<int>(i % 3);
    return lengths;
  }

  SelectInput Input() {
    SelectInput input = InputOf(blocks_, 10);
    input.queries = queries_.data();
    input.group_heads = kHeads;
    input.scale = 0.5f;
    input.index = &index_;
    input.first_block = 1;
    return input;
  }

  std::vector<float> Shares(const Method& method, const std::vector<TokenRange>& ranges) {
    const SelectInput input = Input();
    const EstimateShape shape = ShapeOfEstimate(method, input, input.end_block - 1);
    AlignedBuffer<float> scores(shape.num_scores(kHeads)), room(shape.stride);
    for (const TokenRange range : ranges) ScoreCandidates(input, shape, range, scores.data());
    std::vector<float> shares(static_cast<size_t>(shape.count));
    PoolCandidates(method, input, shape, scores.data(), room.data(), shares.data());
    return shares;
  }

  // exp of the score of a block's only mean.
  double Power(int head, const Block& block) const {
    double dot = 0;
    for (int j = 0; j < kHeadDim; ++j) {
      double mean = 0;
      for (int32_t t = block.start; t < block.end(); ++t) {
        mean += double{F32FromF16(pages_.View().Key(t)[j])} / block.length;
      }
      dot += double{queries_[head * kHeadDim + j]} * mean;
    }
    return std::exp(0.5 * dot);
  }

  Rng rng_{3};
  std::vector<Block> blocks_ = BlocksOf(Lengths());
  RandomPages pages_{rng_, blocks_.back().end(), kHeadDim};
  BlockIndex index_{{1, 1, kHeadDim, 1, Summary::kMean}};
  std::vector<float> queries_ = RandomFloats(rng_, kHeads* kHeadDim);
};

TEST_F(EstimateTest, SharesAreLengthTimesThePowerOfTheMean) {
  const std::vector<float> shares = Shares(Method(), {{0, 149}});
  ASSERT_EQ(shares.size(), 149u);
  double all[kHeads] = {};
  for (size_t b = 1; b < blocks_.size(); ++b) {
    for (int h = 0; h < kHeads; ++h) all[h] += blocks_[b].length * Power(h, blocks_[b]);
  }
  for (size_t b = 1; b < blocks_.size(); ++b) {
    double share = 0;
    for (int h = 0; h < kHeads; ++h) {
      share += blocks_[b].length * Power(h, blocks_[b]) / all[h] / kHeads;
    }
    EXPECT_NEAR(shares[b - 1], share, 2e-3 * share) << b;
  }
}

TEST_F(EstimateTest, PartsDoNotMatter) {
  for (const BlockScore score : {BlockScore::kMax, BlockScore::kMass, BlockScore::kDensity}) {
    Method method;
    method.block_score = score;
    const std::vector<float> want = Shares(method, {{0, 149}});
    EXPECT_EQ(Shares(method, {{70, 149}, {0, 1}, {64, 70}, {1, 64}}), want);
  }
}

}  // namespace
}  // namespace dynsplit
