#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/kernel_fixture.h"
#include "select/policies.h"
#include "select/select_fixture.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;

constexpr int kHeadDim = 16;
constexpr int kHeads = 3;

class PolicyOracleTest : public ::testing::Test {
 protected:
  SelectInput Input(const std::vector<Block>& blocks, int64_t budget) {
    SelectInput input = InputOf(blocks, budget);
    input.queries = queries_.data();
    input.group_heads = kHeads;
    input.scale = 0.5f;
    input.position = pages_.num_tokens() - 1;
    input.kv = pages_.View();
    return input;
  }

  std::vector<int32_t> Chosen(const SelectInput& input, BlockScore score = BlockScore::kMass) {
    Method method;
    method.block_score = score;
    std::vector<int32_t> chosen;
    SelectOracle(method, input, &scratch_, &chosen);
    std::sort(chosen.begin(), chosen.end());
    return chosen;
  }

  // The share of a block in full attention, mean over the heads, in double precision.
  double Mass(const Block& block) {
    double mass = 0;
    for (int head = 0; head < kHeads; ++head) {
      double sum = 0, all = 0;
      for (int64_t token = 0; token < pages_.num_tokens(); ++token) {
        double dot = 0;
        for (int j = 0; j < kHeadDim; ++j) {
          dot += double{queries_[head * kHeadDim + j]} * F32FromF16(pages_.Key(token)[j]);
        }
        all += std::exp(0.5 * dot);
        if (token >= block.start && token < block.end()) sum += std::exp(0.5 * dot);
      }
      mass += sum / all / kHeads;
    }
    return mass;
  }

  Rng rng_{7};
  RandomPages pages_{rng_, 230, kHeadDim};
  std::vector<float> queries_ = RandomFloats(rng_, kHeads* kHeadDim);
  SelectScratch scratch_;
};

TEST_F(PolicyOracleTest, SharesAreThoseOfFullAttention) {
  const std::vector<Block> blocks = BlocksOf({5, 60, 1, 70, 3, 61});
  SelectInput input = Input(blocks, 100);
  input.first_block = 1;  // sink and recent count in the softmax all the same
  Chosen(input);
  ASSERT_EQ(scratch_.shares.size(), 5u);
  for (size_t b = 0; b < 5; ++b) EXPECT_NEAR(scratch_.shares[b], Mass(blocks[b + 1]), 1e-5) << b;
}

TEST_F(PolicyOracleTest, TakesTheBlocksWithTheMostMass) {
  std::fill(queries_.begin(), queries_.end(), 0.0f);
  for (int head = 0; head < kHeads; ++head) queries_[head * kHeadDim] = 8;
  for (int64_t token = 0; token < pages_.num_tokens(); ++token) pages_.Key(token)[0] = 0;
  pages_.Key(77)[0] = F16FromF32(3);
  pages_.Key(141)[0] = F16FromF32(2);
  const std::vector<Block> blocks = BlocksOf(std::vector<int>(20, 10));
  EXPECT_THAT(Chosen(Input(blocks, 20)), ElementsAre(7, 14));
  EXPECT_THAT(Chosen(Input(blocks, 10)), ElementsAre(7));
  SelectInput enough = Input(blocks, 200);
  enough.budget_mass = 0.9;
  EXPECT_THAT(Chosen(enough), ElementsAre(7));
}

TEST_F(PolicyOracleTest, DensityPrefersShortBlocks) {
  std::fill(queries_.begin(), queries_.end(), 0.0f);  // mass is length
  const std::vector<Block> blocks = BlocksOf({10, 30, 10});
  for (int64_t token = 10; token < 40; ++token) pages_.Key(token)[0] = F16FromF32(-1);
  for (int head = 0; head < kHeads; ++head) queries_[head * kHeadDim] = 0.2f;
  for (int64_t token = 0; token < 10; ++token) pages_.Key(token)[0] = 0;
  for (int64_t token = 40; token < 50; ++token) pages_.Key(token)[0] = 0;
  EXPECT_THAT(Chosen(Input(blocks, 30), BlockScore::kMass), ElementsAre(1));
  EXPECT_THAT(Chosen(Input(blocks, 30), BlockScore::kDensity), ElementsAre(0, 2));
}

TEST_F(PolicyOracleTest, WhatFitsIsTakenWithoutReadingKeys) {
  const std::vector<Block> blocks = BlocksOf({5, 60});
  EXPECT_THAT(Chosen(InputOf(blocks, 65)), ElementsAre(0, 1));
  EXPECT_THAT(Chosen(InputOf(blocks, 0)), ElementsAre());
}

}  // namespace
}  // namespace dynsplit
