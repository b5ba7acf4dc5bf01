#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "golden/reference/golden.h"
#include "kernels/f16.h"
#include "kernels/kernel_fixture.h"
#include "select/policies.h"
#include "select/select_fixture.h"

namespace dynsplit {
namespace {

using testing::ElementsAre;

constexpr int kHeadDim = 16;

std::vector<int32_t> Chosen(const SelectInput& input) {
  SelectScratch scratch;
  std::vector<int32_t> chosen;
  SelectTop(Method(), input, &scratch, &chosen);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

// 200 blocks of 4 tokens, one layer and head; the keys of block b are b times the first unit
// vector.
class PolicyTopTest : public testing::Test {
 protected:
  PolicyTopTest()
      : blocks_(BlocksOf(std::vector<int>(200, 4))), pages_(rng_, 800, kHeadDim), index_(Shape()) {
    for (int64_t token = 0; token < 800; ++token) {
      std::fill_n(pages_.Key(token), kHeadDim, F16FromF32(0));
      pages_.Key(token)[0] = F16FromF32(static_cast<float>(token / 4));
    }
    const std::vector<KvView> views = {pages_.View()};
    index_.Reserve(200);
    index_.Fill(0, 0, blocks_, views);
    query_[0] = 1;
  }

  static IndexShape Shape() { return {1, 1, kHeadDim, 3, Summary::kMean}; }

  SelectInput Input(int64_t budget) {
    SelectInput input = InputOf(blocks_, budget);
    input.queries = query_;
    input.scale = 0.25f;
    input.index = &index_;
    return input;
  }

  Rng rng_{1};
  std::vector<Block> blocks_;
  RandomPages pages_;
  BlockIndex index_;
  float query_[kHeadDim] = {};
};

TEST_F(PolicyTopTest, TakesTheBlocksThatTheQueryPointsTo) {
  EXPECT_THAT(Chosen(Input(12)), ElementsAre(197, 198, 199));
  query_[0] = -1;
  EXPECT_THAT(Chosen(Input(12)), ElementsAre(0, 1, 2));
}

TEST_F(PolicyTopTest, CandidatesMayStartAndEndInsideAChunk) {
  SelectInput input = Input(12);
  input.first_block = 5;
  input.end_block = 130;
  EXPECT_THAT(Chosen(input), ElementsAre(127, 128, 129));
  query_[0] = -1;
  EXPECT_THAT(Chosen(input), ElementsAre(5, 6, 7));
}

TEST_F(PolicyTopTest, WhatFitsIsTakenWithoutScoring) {
  SelectInput input = Input(800);
  input.queries = nullptr;
  input.index = nullptr;
  EXPECT_EQ(Chosen(input).size(), 200u);
  input.budget_tokens = 0;
  EXPECT_THAT(Chosen(input), ElementsAre());
}

TEST_F(PolicyTopTest, BrokenQueriesStillChooseWithinTheBudget) {
  query_[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(Chosen(Input(12)), ElementsAre(0, 1, 2));
}

TEST(PolicyTopGoldenTest, EqualsTheSpecification) {
  Rng rng(0);
  for (const nlohmann::json& c : ReadGolden("selections.json")) {
    const auto keys = c["keys"].get<std::vector<std::vector<std::vector<float>>>>();
    std::vector<Block> blocks;
    for (const auto& block : c["blocks"]) {
      const int32_t start = block[0];
      blocks.push_back({start, block[1].get<int32_t>() - start});
    }
    std::vector<RandomPages> pages;
    for (const auto& head : keys) {
      pages.emplace_back(rng, static_cast<int64_t>(head.size()), kHeadDim);
      for (size_t t = 0; t < head.size(); ++t) {
        std::transform(head[t].begin(), head[t].end(), pages.back().Key(static_cast<int64_t>(t)),
                       F16FromF32);
      }
    }
    std::vector<KvView> views;
    for (const RandomPages& head : pages) views.push_back(head.View());
    BlockIndex index({1, static_cast<int>(keys.size()), kHeadDim, c["vectors"], Summary::kMean});
    index.Reserve(static_cast<int64_t>(blocks.size()));
    index.Fill(0, 0, blocks, views);

    std::vector<float> queries;
    for (const auto& head : c["queries"]) queries.insert(queries.end(), head.begin(), head.end());
    const size_t group = c["queries"].size() / keys.size();
    for (size_t i = 0; i < c["budgets"].size(); ++i) {
      for (size_t g = 0; g < keys.size(); ++g) {
        SelectInput input = InputOf(blocks, c["budgets"][i]);
        input.queries = queries.data() + g * group * kHeadDim;
        input.group_heads = static_cast<int>(group);
        input.scale = 0.25f;
        input.kv_head = static_cast<int>(g);
        input.index = &index;
        EXPECT_EQ(Chosen(input), c["chosen"][i][g].get<std::vector<int32_t>>())
            << "budget " << c["budgets"][i] << ", head " << g;
      }
    }
  }
}

}  // namespace
}  // namespace dynsplit
