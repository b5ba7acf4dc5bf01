#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "golden/reference/selection_case.h"
#include "select/policies.h"
#include "select/select_fixture.h"

namespace dynsplit {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Le;
using ::testing::SizeIs;

constexpr int kHeadDim = 16;

// What the specification knows: no second look, and the best vector decides.
Method PlainTop() {
  Method method;
  method.block_score = BlockScore::kMax;
  method.refine = 1;
  method.pick = Pick::kBlocks;
  return method;
}

std::vector<int32_t> Chosen(const SelectInput& input, const Method& method = PlainTop()) {
  SelectScratch scratch;
  std::vector<int32_t> chosen;
  SelectTop(method, input, &scratch, &chosen);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

// 200 blocks of 4 tokens, one layer and head; the keys of block b are b times the first unit
// vector.
class PolicyTopTest : public ::testing::Test {
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

TEST_F(PolicyTopTest, SmallerSummaries) {
  for (const SummaryType type : {SummaryType::kInt8, SummaryType::kInt2}) {
    IndexShape shape = Shape();
    shape.type = type;
    BlockIndex index(shape);
    const std::vector<KvView> views = {pages_.View()};
    index.Reserve(200);
    index.Fill(0, 0, blocks_, views);
    SelectInput input = Input(12);
    input.index = &index;
    query_[0] = 1;
    const std::vector<int32_t> greatest = Chosen(input);
    query_[0] = -1;
    const std::vector<int32_t> least = Chosen(input);
    if (type == SummaryType::kInt8) {
      EXPECT_THAT(greatest, ElementsAre(197, 198, 199));
      EXPECT_THAT(least, ElementsAre(0, 1, 2));
    } else {
      // Four levels for the 64 blocks of a chunk: a quarter of them is as good as can be known.
      EXPECT_THAT(greatest, AllOf(SizeIs(3), Each(Ge(176))));
      EXPECT_THAT(least, AllOf(SizeIs(3), Each(Le(16))));
    }
  }
}

// Three blocks of 12, 3 and 12 tokens; the keys of a run are its score times the first unit vector.
class PolicyTopBlockScoreTest : public ::testing::Test {
 protected:
  PolicyTopBlockScoreTest() {
    const float of_run[] = {1, 1, 1, 1.5, 0, 0, 1.25, -9, -9};
    for (int64_t token = 0; token < 27; ++token) {
      std::fill_n(pages_.Key(token), kHeadDim, F16FromF32(0));
      const int64_t run = token < 12 ? token / 4 : token < 15 ? token - 9 : 6 + (token - 15) / 4;
      pages_.Key(token)[0] = F16FromF32(of_run[run]);
    }
    const std::vector<KvView> views = {pages_.View()};
    index_.Reserve(3);
    index_.Fill(0, 0, blocks_, views);
    query_[0] = 1;
  }

  std::vector<int32_t> Best(BlockScore score, int64_t budget) {
    Method method = PlainTop();
    method.block_score = score;
    SelectInput input = InputOf(blocks_, budget);
    input.queries = query_;
    input.index = &index_;
    return Chosen(input, method);
  }

  Rng rng_{1};
  std::vector<Block> blocks_ = BlocksOf({12, 3, 12});
  RandomPages pages_{rng_, 27, kHeadDim};
  BlockIndex index_{{1, 1, kHeadDim, 3, Summary::kMean}};
  float query_[kHeadDim] = {};
};

// Masses: 12 e = 32.6; e^1.5 + 2 = 6.5; 4 e^1.25 = 14.0. Per token 2.7, 2.2, 1.2.
TEST_F(PolicyTopBlockScoreTest, MaxMassAndDensityDiffer) {
  EXPECT_THAT(Best(BlockScore::kMax, 3), ElementsAre(1));
  EXPECT_THAT(Best(BlockScore::kMax, 15), ElementsAre(1, 2));
  EXPECT_THAT(Best(BlockScore::kMass, 15), ElementsAre(0, 1));
  EXPECT_THAT(Best(BlockScore::kMass, 24), ElementsAre(0, 2));
  EXPECT_THAT(Best(BlockScore::kDensity, 24), ElementsAre(0, 1));
}

// A second look at four blocks of which one is wanted: their keys differ from what their summaries
// say.
TEST_F(PolicyTopTest, RefiningAsksTheKeysOfTheBestBlocks) {
  Method method = PlainTop();
  method.refine = 4;
  SelectInput input = Input(4);
  input.kv = pages_.View();
  input.position = 799;
  EXPECT_THAT(Chosen(input, method), ElementsAre(199));
  // Keys that changed after the index was made: block 197 is among the best four, 190 is not.
  for (const int64_t token : {4 * 197, 4 * 190}) pages_.Key(token)[0] = F16FromF32(900);
  EXPECT_THAT(Chosen(input, method), ElementsAre(197));
  method.refine = 10;
  EXPECT_THAT(Chosen(input, method), ElementsAre(190));
  input.budget_tokens = 11;
  EXPECT_THAT(Chosen(input, method), ElementsAre(190, 197));
}

TEST_F(PolicyTopTest, RefiningTakesNothingWhereNoBlockFits) {
  Method method = PlainTop();
  method.refine = 2;
  SelectInput input = Input(1);
  input.kv = pages_.View();
  input.position = 799;
  EXPECT_THAT(Chosen(input, method), ::testing::IsEmpty());
}

TEST_F(PolicyTopTest, BrokenQueriesStillChooseWithinTheBudget) {
  query_[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(Chosen(Input(12)), ElementsAre(0, 1, 2));
}

TEST(PolicyTopGoldenTest, EqualsTheSpecification) {
  for (const nlohmann::json& c : ReadGolden("selections.json")) {
    const SelectionCase selection(c);
    const int group = selection.group_heads;
    for (size_t i = 0; i < c["budgets"].size(); ++i) {
      SelectInput input = InputOf(selection.blocks, c["budgets"][i]);
      input.group_heads = group;
      input.scale = 1 / std::sqrt(static_cast<float>(selection.head_dim));
      input.index = &selection.index;
      for (const auto& want : c["chosen"][i]) {
        input.queries = selection.queries.data() + input.kv_head * group * selection.head_dim;
        EXPECT_EQ(Chosen(input), want.get<std::vector<int32_t>>())
            << "budget " << input.budget_tokens << ", head " << input.kv_head;
        ++input.kv_head;
      }
    }
  }
}

}  // namespace
}  // namespace dynsplit
