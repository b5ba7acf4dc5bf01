#include "select/selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "kernels/kernel_fixture.h"
#include "select/select_fixture.h"
#include "select/token_selection.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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
  EXPECT_TRUE(ChoosesTokens(Method()));
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

// Random blocks, keys and queries of three heads, and what is asked of them.
struct RandomCase {
  static std::vector<Block> DrawBlocks() {
    return BlocksOf(
        *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 20))),
        *rc::gen::inRange(0, 100));
  }
  static IndexShape DrawShape() {
    const Summary kind = *rc::gen::element(Summary::kMean, Summary::kMinMax);
    const SummaryType type =
        kind == Summary::kMinMax
            ? *rc::gen::element(SummaryType::kF16, SummaryType::kInt8)
            : *rc::gen::element(SummaryType::kF16, SummaryType::kInt8, SummaryType::kInt2);
    return {1, 1, 16, 2, kind, type};
  }

  RandomCase() {
    const std::vector<KvView> views = {pages.View()};
    index.Reserve(static_cast<int64_t>(blocks.size()));
    index.Fill(0, 0, blocks, views);
    input.queries = queries.data();
    input.group_heads = 3;
    input.scale = 0.25f;
    input.index = &index;
    input.kv = pages.View();
    input.position = blocks.back().end() - 1;
    input.budget_mass = *rc::gen::element(0.0, 0.5, 1.0);
    input.end_block = *rc::gen::inRange<int64_t>(0, input.end_block + 1);
    input.first_block = *rc::gen::inRange<int64_t>(0, input.end_block + 1);
    input.votes = votes.data();
    method.pooling =
        *rc::gen::element(Pooling::kMeanSoftmax, Pooling::kMaxSoftmax, Pooling::kMeanScore);
    method.block_score =
        *rc::gen::element(BlockScore::kMax, BlockScore::kMass, BlockScore::kDensity);
  }

  std::vector<Block> blocks = DrawBlocks();
  Rng rng{*rc::gen::arbitrary<uint64_t>()};
  RandomPages pages{rng, blocks.back().end(), 16};
  BlockIndex index{DrawShape()};
  std::vector<float> queries = RandomFloats(rng, 3 * 16);
  std::vector<float> votes = RandomFloats(rng, blocks.size());
  SelectInput input = InputOf(blocks, *rc::gen::inRange(0, 300));
  Method method;
};

RC_GTEST_PROP(SelectorProperty, ChosenAreCandidatesInOrderWithinTheBudget, ()) {
  RandomCase c;
  c.method.policy = *rc::gen::element(Policy::kRecent, Policy::kTop, Policy::kRandom,
                                      Policy::kOracle, Policy::kSnapKv, Policy::kH2o);
  c.method.refine = *rc::gen::inRange(1, 5);
  c.method.pick = Pick::kBlocks;
  const std::vector<int32_t> chosen = Chosen(c.method, c.input);
  RC_ASSERT(TokensOf(c.blocks, chosen) <= c.input.budget_tokens);
  for (size_t i = 0; i < chosen.size(); ++i) {
    RC_ASSERT(chosen[i] >= c.input.first_block && chosen[i] < c.input.end_block);
    if (i > 0) RC_ASSERT(chosen[i] > chosen[i - 1]);
  }
  RC_ASSERT(Chosen(c.method, c.input) == chosen);
}

RC_GTEST_PROP(SelectorProperty, TokensAreTheCandidatesInOrderThenWhatIsAlwaysAttendedTo, ()) {
  RandomCase c;
  RC_PRE(c.input.first_block < c.input.end_block);
  c.method.refine = *rc::gen::inRange(2, 5);
  TokenSelection selection;
  TokenChoice choice;
  selection.Run(c.method, c.input, &choice);
  const int32_t first = c.blocks[c.input.first_block].start;
  const int32_t end = c.blocks[c.input.end_block - 1].end();
  std::vector<int32_t> always;
  for (int32_t t = 0; t <= c.input.position; ++t) {
    if (t < first || t >= end) always.push_back(t);
  }
  RC_ASSERT(choice.tokens.size() >= always.size());
  const auto chosen = choice.tokens.end() - static_cast<ptrdiff_t>(always.size());
  RC_ASSERT(std::equal(always.begin(), always.end(), chosen));
  const int64_t count = chosen - choice.tokens.begin();
  RC_ASSERT(count <= c.input.budget_tokens);
  if (c.input.budget_mass == 0 && end - first <= c.input.budget_tokens) {
    RC_ASSERT(count == end - first);
  }
  for (int64_t i = 0; i < count; ++i) {
    RC_ASSERT(choice.tokens[i] >= first && choice.tokens[i] < end);
    if (i > 0) RC_ASSERT(choice.tokens[i] > choice.tokens[i - 1]);
  }
  RC_ASSERT(choice.scores.size() == 3 * choice.tokens.size());
}

}  // namespace
}  // namespace dynsplit
