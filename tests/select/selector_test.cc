#include "select/selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "kernels/kernel_fixture.h"
#include "select/select_fixture.h"

namespace dynsplit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<int32_t> Chosen(const Method& method, const SelectInput& input) {
  SelectScratch scratch;
  std::vector<int32_t> chosen = {99};  // SelectBlocks starts afresh
  SelectBlocks(method, input, &scratch, &chosen);
  return chosen;
}

std::vector<int32_t> Chosen(Policy policy, const SelectInput& input) {
  Method method;
  method.policy = policy;
  method.pick = Pick::kBlocks;
  return Chosen(method, input);
}

TEST(SelectorTest, EachPolicyIsItsOwn) {
  const std::vector<Block> blocks = BlocksOf({4, 4, 4, 4, 4, 4, 4, 4});
  SelectInput input = InputOf(blocks, 8);
  EXPECT_THAT(Chosen(Policy::kAll, input), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(Chosen(Policy::kRecent, input), IsEmpty());
  EXPECT_EQ(Chosen(Policy::kRandom, input).size(), 2u);
  const float votes[] = {1, 2, 3, 4, 5, 6, 7, 8};
  input.votes = votes;
  EXPECT_THAT(Chosen(Policy::kSnapKv, input), ElementsAre(6, 7));
  EXPECT_THAT(Chosen(Policy::kH2o, input), ElementsAre(6, 7));
  input.budget_tokens = 32;
  EXPECT_EQ(Chosen(Policy::kTop, input).size(), 8u);
  EXPECT_EQ(Chosen(Policy::kOracle, input).size(), 8u);
}

TEST(SelectorTest, TokensAreChosenWhereASecondLookTakesThem) {
  Method method;
  EXPECT_TRUE(ChoosesTokens(method));
  const std::vector<Block> blocks = BlocksOf({4, 2, 3}, 10);
  SelectInput input = InputOf(blocks, 5);
  input.first_block = 1;
  EXPECT_THAT(Chosen(method, input), ElementsAre(14, 15, 16, 17, 18));  // all fit
  for (Method other : {*ParseMethod("dynsplit+pick=blocks"), *ParseMethod("dynsplit+refine=1"),
                       *ParseMethod("dynsplit+policy=oracle")}) {
    EXPECT_FALSE(ChoosesTokens(other)) << other.name;
  }
}

TEST(SelectorTest, NoCandidatesNothingChosen) {
  const std::vector<Block> blocks = BlocksOf({4, 4});
  SelectInput input = InputOf(blocks, 8);
  input.first_block = input.end_block = 1;
  for (const Policy policy : {Policy::kAll, Policy::kRecent, Policy::kTop, Policy::kRandom,
                              Policy::kOracle, Policy::kSnapKv, Policy::kH2o}) {
    EXPECT_THAT(Chosen(policy, input), IsEmpty());
  }
}

RC_GTEST_PROP(SelectorProperty, ChosenAreCandidatesInOrderWithinTheBudget, ()) {
  const auto lengths =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 20)));
  const std::vector<Block> blocks = BlocksOf(lengths, *rc::gen::inRange(0, 100));
  Rng rng(*rc::gen::arbitrary<uint64_t>());
  const RandomPages pages(rng, blocks.back().end(), 16);
  const std::vector<KvView> views = {pages.View()};
  const Summary kind = *rc::gen::element(Summary::kMean, Summary::kMinMax);
  const SummaryType type =
      kind == Summary::kMinMax
          ? *rc::gen::element(SummaryType::kF16, SummaryType::kInt8)
          : *rc::gen::element(SummaryType::kF16, SummaryType::kInt8, SummaryType::kInt2);
  BlockIndex index({1, 1, 16, 2, kind, type});
  index.Reserve(static_cast<int64_t>(blocks.size()));
  index.Fill(0, 0, blocks, views);
  const std::vector<float> queries = RandomFloats(rng, 3 * 16);

  SelectInput input = InputOf(blocks, *rc::gen::inRange(0, 300));
  input.queries = queries.data();
  input.group_heads = 3;
  input.scale = 0.25f;
  input.index = &index;
  input.kv = pages.View();
  input.position = blocks.back().end() - 1;
  input.budget_mass = *rc::gen::element(0.0, 0.5, 1.0);
  input.end_block = *rc::gen::inRange<int64_t>(0, input.end_block + 1);
  input.first_block = *rc::gen::inRange<int64_t>(0, input.end_block + 1);
  const std::vector<float> votes = RandomFloats(rng, blocks.size());
  input.votes = votes.data();
  Method method;
  method.policy = *rc::gen::element(Policy::kRecent, Policy::kTop, Policy::kRandom, Policy::kOracle,
                                    Policy::kSnapKv, Policy::kH2o);
  method.pooling =
      *rc::gen::element(Pooling::kMeanSoftmax, Pooling::kMaxSoftmax, Pooling::kMeanScore);
  method.block_score = *rc::gen::element(BlockScore::kMax, BlockScore::kMass, BlockScore::kDensity);
  method.refine = *rc::gen::inRange(1, 5);
  method.pick = *rc::gen::element(Pick::kBlocks, Pick::kTokens);
  const std::vector<int32_t> chosen = Chosen(method, input);
  const bool tokens = ChoosesTokens(method);
  RC_ASSERT((tokens ? static_cast<int64_t>(chosen.size()) : TokensOf(blocks, chosen)) <=
            input.budget_tokens);
  const bool any = input.first_block < input.end_block;
  const int64_t first = tokens && any ? blocks[input.first_block].start : input.first_block;
  const int64_t end = tokens && any ? blocks[input.end_block - 1].end() : input.end_block;
  for (size_t i = 0; i < chosen.size(); ++i) {
    RC_ASSERT(chosen[i] >= first && chosen[i] < end);
    if (i > 0) RC_ASSERT(chosen[i] > chosen[i - 1]);
  }
  RC_ASSERT(Chosen(method, input) == chosen);
}

}  // namespace
}  // namespace dynsplit
