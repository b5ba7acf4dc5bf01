#include "split/segmenter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace dynsplit {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using enum DelimiterClass;

SplitOptions OptionsOf(Splitter splitter) {
  SplitOptions options;
  options.splitter = splitter;
  return options;
}

std::vector<int32_t> EndsOf(const std::vector<Block>& blocks) {
  std::vector<int32_t> ends;
  for (const Block& block : blocks) ends.push_back(block.end());
  return ends;
}

TEST(CutWeightsTest, FollowTheSplitter) {
  const std::vector<DelimiterClass> classes = {kNone, kSpace, kComma, kSentence, kTurn};
  ClassImportance learned;
  learned.weight = {0, 0.5, 0, -1, 0, 2, 0, 0, 0, 3};
  const auto weights = [&](const SplitOptions& options) {
    return CutWeights(options, classes, learned, 0);
  };
  EXPECT_THAT(weights(OptionsOf(Splitter::kDynamic)), ElementsAre(0, 0.5f, -1, 2, 3));
  EXPECT_THAT(weights(OptionsOf(Splitter::kUniform)), ElementsAre(0, 0, 1, 1, 1));
  EXPECT_THAT(weights(OptionsOf(Splitter::kFixed)), Each(0));
  SplitOptions comma = OptionsOf(Splitter::kDelimiter);
  comma.delimiter = kComma;
  EXPECT_THAT(weights(comma), ElementsAre(0, 0, 1, 1, 1));
}

TEST(CutWeightsTest, RandomDependsOnSeedAndPositionAlone) {
  SplitOptions options = OptionsOf(Splitter::kRandom);
  const std::vector<DelimiterClass> classes(100, kNone);
  const std::vector<float> whole = CutWeights(options, classes, {}, 0);
  const std::vector<float> tail = CutWeights(options, std::span(classes).first(40), {}, 60);
  EXPECT_TRUE(std::equal(tail.begin(), tail.end(), whole.begin() + 60));
  EXPECT_THAT(whole, Each(::testing::AllOf(::testing::Ge(0), ::testing::Lt(1))));
  EXPECT_NE(whole[0], whole[1]);
  options.seed = 1;
  EXPECT_NE(CutWeights(options, classes, {}, 0), whole);
}

TEST(CutWeightsTest, MixWhatIsKnownOfEachCut) {
  const std::vector<DelimiterClass> classes = {kNone, kSentence, kSentence};
  ClassImportance learned;
  learned.weight[static_cast<size_t>(kSentence)] = 2;
  const std::vector<float> candidate = {4, -2, NAN};
  const std::vector<float> scatter = {1, 0, 3};
  const auto weights = [&](SplitOptions options, float of_candidate, float of_scatter) {
    options.candidate = of_candidate;
    options.scatter = of_scatter;
    return CutWeights(options, classes, learned, 0, {candidate, scatter});
  };
  const SplitOptions dynamic = OptionsOf(Splitter::kDynamic);
  EXPECT_THAT(weights(dynamic, 0, 0), ElementsAre(0, 2, 2));
  EXPECT_THAT(weights(dynamic, 0.25f, 0), ElementsAre(1, 1, 2));  // not observed: the class's
  EXPECT_THAT(weights(dynamic, 0, 0.5f), ElementsAre(0.5f, 1, 2.5f));
  EXPECT_THAT(weights(dynamic, 0, 1), ElementsAre(1, 0, 3));
  EXPECT_THAT(weights(dynamic, 0.25f, 0.5f), ElementsAre(1, 0.5f, 2.5f));
  EXPECT_THAT(weights(OptionsOf(Splitter::kUniform), 1, 0.5f), ElementsAre(0.5f, 0.5f, 2));
  EXPECT_THAT(weights(OptionsOf(Splitter::kFixed), 1, 1), Each(0));
}

TEST(SegmenterTest, FixedCutsEveryInterval) {
  SplitOptions options = OptionsOf(Splitter::kFixed);
  options.block_tokens = 4;
  const std::vector<float> weights(10);
  const std::vector<DelimiterClass> classes(10, kNone);
  EXPECT_THAT(EndsOf(Segment(options, weights, classes, 3, 13)), ElementsAre(7, 11, 13));
  EXPECT_THAT(EndsOf(SegmentOpen(options, weights, classes, 3, 13)), ElementsAre(7, 11));
}

TEST(SegmenterTest, DelimiterCutsAtTheClassOrAStrongerOne) {
  SplitOptions options = OptionsOf(Splitter::kDelimiter);
  const std::vector<DelimiterClass> classes = {kNone, kComma, kSentence, kNone, kTurn, kNone};
  const std::vector<float> weights = CutWeights(options, classes, {}, 0);
  const std::vector<Block> blocks = Segment(options, weights, classes, 10, 16);
  EXPECT_THAT(EndsOf(blocks), ElementsAre(13, 15, 16));
  EXPECT_EQ(blocks[0].start, 10);
  EXPECT_EQ(blocks[0].delimiter, kSentence);
  EXPECT_EQ(blocks[0].weight, 1);
  EXPECT_EQ(blocks[1].delimiter, kTurn);
  EXPECT_EQ(blocks[2].delimiter, kNone);
  EXPECT_THAT(EndsOf(SegmentOpen(options, weights, classes, 10, 16)), ElementsAre(13, 15));
  options.delimiter = kNone;  // every token ends a block
  EXPECT_EQ(Segment(options, weights, classes, 10, 16).size(), 6u);
}

TEST(SegmenterTest, DelimiterCutsLongRuns) {
  SplitOptions options = OptionsOf(Splitter::kDelimiter);
  options.max_block_tokens = 3;
  const std::vector<DelimiterClass> classes = {kNone, kNone, kNone, kNone, kNewline, kNone};
  const std::vector<float> weights(6);
  EXPECT_THAT(EndsOf(Segment(options, weights, classes, 0, 6)), ElementsAre(3, 5, 6));
  EXPECT_THAT(EndsOf(SegmentOpen(options, weights, classes, 0, 6)), ElementsAre(3, 5));
}

TEST(SegmenterTest, SearchesUseTheOptions) {
  SplitOptions options = OptionsOf(Splitter::kDynamic);
  options.block_tokens = 4;
  options.search_range = 2;
  options.distance_penalty = 0.5f;
  const std::vector<float> weights = {0, 0, 0, 0, 1, 0, 0, 0, 0, 0};
  std::vector<DelimiterClass> classes(10, kNone);
  classes[4] = kSentence;
  for (const Search search : {Search::kGreedy, Search::kOptimal}) {
    options.search = search;
    const std::vector<Block> blocks = Segment(options, weights, classes, 100, 110);
    EXPECT_EQ(blocks[0].end(), 105);
    EXPECT_EQ(blocks[0].delimiter, kSentence);
    EXPECT_EQ(blocks[0].weight, 1);
    EXPECT_EQ(blocks.back().end(), 110);
  }
}

TEST(SegmenterTest, NoTokensNoBlocks) {
  for (const Splitter splitter : {Splitter::kFixed, Splitter::kDelimiter, Splitter::kDynamic}) {
    EXPECT_THAT(Segment(OptionsOf(splitter), {}, {}, 7, 7), IsEmpty());
    EXPECT_THAT(SegmentOpen(OptionsOf(splitter), {}, {}, 7, 7), IsEmpty());
  }
}

RC_GTEST_PROP(SegmenterProperty, BlocksPartitionTheTokens, ()) {
  SplitOptions options;
  options.splitter = *rc::gen::element(Splitter::kFixed, Splitter::kDelimiter, Splitter::kDynamic,
                                       Splitter::kUniform, Splitter::kRandom);
  options.search = *rc::gen::element(Search::kGreedy, Search::kOptimal);
  options.block_tokens = *rc::gen::inRange(1, 20);
  options.search_range = *rc::gen::inRange(0, options.block_tokens);
  options.max_block_tokens = *rc::gen::inRange(1, 30);
  const auto values =
      *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, kNumDelimiterClasses));
  std::vector<DelimiterClass> classes;
  for (const int value : values) classes.push_back(static_cast<DelimiterClass>(value));
  const int64_t begin = *rc::gen::inRange(0, 100);
  const int64_t end = begin + static_cast<int64_t>(classes.size());
  ClassImportance learned;
  learned.weight = kOrderedPrior;
  options.candidate = static_cast<float>(*rc::gen::inRange(0, 3)) / 2;
  options.scatter = static_cast<float>(*rc::gen::inRange(0, 3)) / 2;
  std::vector<float> candidate, scatter;
  for (size_t i = 0; i < classes.size(); ++i) {
    candidate.push_back(i % 7 == 0 ? NAN : static_cast<float>(i % 5) - 2);
    scatter.push_back(static_cast<float>(i % 9) - 4);
  }
  const std::vector<float> weights =
      CutWeights(options, classes, learned, begin, {candidate, scatter});

  int64_t at = begin;
  for (const Block& block : Segment(options, weights, classes, begin, end)) {
    RC_ASSERT(block.start == at && block.length >= 1);
    at = block.end();
    RC_ASSERT(block.delimiter == classes[at - begin - 1]);
    RC_ASSERT(block.weight == weights[at - begin - 1]);
  }
  RC_ASSERT(at == end);
  at = begin;
  for (const Block& block : SegmentOpen(options, weights, classes, begin, end)) {
    RC_ASSERT(block.start == at && block.length >= 1);
    at = block.end();
  }
  RC_ASSERT(at <= end);
}

}  // namespace
}  // namespace dynsplit
