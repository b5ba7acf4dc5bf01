#include "select/block_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/kernel_fixture.h"
#include "select/token_selection.h"

namespace dynsplit {
namespace {

constexpr int kHeadDim = 64;  // of which a survey reads 16 channels
constexpr int kHeads = 2;
constexpr int kGroupBlocks = 4;  // of four vectors each
constexpr int kHotChannel = 37;
constexpr int kLayer = 1, kHead = 1;  // the last of two
constexpr int64_t kTokens = 20000;    // more than four times what is always scored
constexpr int32_t kBlockTokens = 5;

// Random keys but for some hot passages of two blocks. Blocks have five tokens; the first one is
// the sink.
class BlockSurveyTest : public ::testing::Test {
 protected:
  BlockSurveyTest() {
    for (int head = 0; head < kHeads; ++head) queries_[head * kHeadDim + kHotChannel] = 4;
    for (int32_t start = 0; start < kTokens; start += kBlockTokens) {
      blocks_.push_back({start, kBlockTokens});
    }
  }

  void Heat(std::initializer_list<int64_t> passages) {
    for (const int64_t first : passages) {
      for (int64_t t = first; t < first + 10; ++t) pages_.Key(t)[kHotChannel] = F16FromF32(6);
    }
    // What other heads and layers have tells nothing of the hot passages.
    const std::vector<KvView> views = {others_.View(), pages_.View()};
    const std::vector<KvView> no_views = {others_.View(), others_.View()};
    const std::span<const Block> blocks = blocks_;
    index_.Reserve(AllBlocks());
    for (size_t b = 0; b < blocks_.size(); b += kIndexChunkBlocks) {
      const size_t count = std::min<size_t>(kIndexChunkBlocks, blocks_.size() - b);
      index_.Fill(0, static_cast<int64_t>(b), blocks.subspan(b, count), no_views);
      index_.Fill(kLayer, static_cast<int64_t>(b), blocks.subspan(b, count), views);
    }
  }

  SelectInput Input(int64_t budget, int64_t end_block) {
    SelectInput input;
    input.layer = kLayer;
    input.kv_head = kHead;
    input.queries = queries_.data();
    input.group_heads = kHeads;
    input.position = kTokens - 1;
    input.kv = pages_.View();
    input.index = &index_;
    input.blocks = blocks_;
    input.first_block = 1;
    input.end_block = end_block;
    input.budget_tokens = budget;
    return input;
  }
  int64_t AllBlocks() const { return static_cast<int64_t>(blocks_.size()); }

  std::vector<BlockRange> Survey(const SelectInput& input) {
    survey_.Begin(method_, input);
    if (survey_.num_scored_groups() > 0) {
      survey_.ScoreGroups(input, {0, survey_.num_scored_groups()});
      survey_.Choose(method_, input);
    }
    return {survey_.ranges().begin(), survey_.ranges().end()};
  }

  static bool Holds(const std::vector<BlockRange>& ranges, int64_t block) {
    for (const BlockRange& range : ranges) {
      if (range.first <= block && block < range.first + range.count) return true;
    }
    return false;
  }

  Rng rng_{3};
  RandomPages pages_{rng_, kTokens, kHeadDim};
  RandomPages others_{rng_, kTokens, kHeadDim};
  std::vector<Block> blocks_;
  std::vector<float> queries_ = std::vector<float>(kHeads * kHeadDim);
  BlockIndex index_{{2, 2, kHeadDim, 4, Summary::kMean, SummaryType::kInt2}};
  Method method_ = *ParseMethod("dynsplit+survey=4");
  BlockSurvey survey_;
};

TEST_F(BlockSurveyTest, ScoresTheGroupsThatHoldTheMassAndWhatIsInNone) {
  const std::vector<int64_t> hot = {330, 7775, 7790, 12345};
  Heat({330, 7775, 7790, 12345});
  const std::vector<BlockRange> ranges = Survey(Input(100, AllBlocks() - 3));
  int64_t scored = 0, end = 1;
  for (const BlockRange& range : ranges) {
    EXPECT_GE(range.first, end);
    EXPECT_GT(range.count, 0);
    end = range.first + range.count;
    scored += range.count;
  }
  EXPECT_EQ(end, AllBlocks() - 3);
  // 4,096 tokens, but for whole groups and what is in no whole one.
  EXPECT_NEAR(static_cast<double>(scored * kBlockTokens), 4096, 3 * kGroupBlocks * kBlockTokens);
  EXPECT_EQ(ranges[0].first, 1);  // the sink's group is not whole
  for (const int64_t token : hot) EXPECT_TRUE(Holds(ranges, token / kBlockTokens)) << token;
}

TEST_F(BlockSurveyTest, EverythingIsScoredOfAShortTextAndWithoutASurvey) {
  Heat({330});
  const int64_t blocks = 4 * 4096 / kBlockTokens;
  std::vector<BlockRange> ranges = Survey(Input(100, blocks));
  ASSERT_EQ(ranges.size(), 1u);
  EXPECT_EQ(ranges[0].first, 1);
  EXPECT_EQ(ranges[0].count, blocks - 1);
  EXPECT_EQ(survey_.num_scored_groups(), 0);
  method_.survey = 0;
  ranges = Survey(Input(100, AllBlocks()));
  ASSERT_EQ(ranges.size(), 1u);
  EXPECT_EQ(ranges[0].count, AllBlocks() - 1);
  method_.survey = 5;
  EXPECT_EQ(Survey(Input(300, AllBlocks())).size(), 1u);  // 6,000 of 20,000 tokens
}

TEST_F(BlockSurveyTest, EverythingIsScoredWhereSummariesLieInNoGroups) {
  for (const IndexShape& shape :
       {IndexShape{2, 2, kHeadDim, 3, Summary::kMean, SummaryType::kInt2},
        IndexShape{2, 2, kHeadDim, 4, Summary::kMean, SummaryType::kInt8}}) {
    index_ = BlockIndex(shape);
    Heat({330});
    EXPECT_EQ(Survey(Input(100, AllBlocks())).size(), 1u);
    EXPECT_EQ(survey_.num_scored_groups(), 0);
  }
}

// Groups are of sixteen blocks to two; candidates may begin with the first of one or within it.
TEST_F(BlockSurveyTest, FindsTheHotBlocksOfAnyGroups) {
  const std::initializer_list<int64_t> hot = {330, 7775, 7790, 12345, 19990};
  for (const int vectors : {1, 2, 4, 8}) {
    SCOPED_TRACE(vectors);
    index_ = BlockIndex({2, 2, kHeadDim, vectors, Summary::kMean, SummaryType::kInt2});
    Heat(hot);
    for (const int64_t first_block : {0, 1, 5}) {
      for (const float cap : {0.0f, 4.0f}) {
        SelectInput input = Input(100, AllBlocks() - 1);
        input.first_block = first_block;
        input.score_cap = cap;
        const std::vector<BlockRange> ranges = Survey(input);
        EXPECT_EQ(survey_.chunk_groups(), 4 * vectors);
        EXPECT_GT(survey_.num_scored_groups(), 200);
        int64_t end = first_block, scored = 0;
        for (const BlockRange& range : ranges) {
          ASSERT_GE(range.first, end);
          ASSERT_EQ(range.before, scored);
          ASSERT_EQ(range.first / kIndexChunkBlocks, (range.end() - 1) / kIndexChunkBlocks);
          end = range.end();
          scored += range.count;
        }
        EXPECT_LE(end, AllBlocks() - 1);
        EXPECT_LT(scored * kBlockTokens, 4096 + 3 * 16 * kBlockTokens);
        for (const int64_t token : hot) EXPECT_TRUE(Holds(ranges, token / kBlockTokens)) << token;
      }
    }
  }
}

// Of many tokens an eighth, where `survey` asks for less: here 1,024,000 / 8.
TEST_F(BlockSurveyTest, AShareOfLongTextsIsScored) {
  blocks_ = {{0, 4}};
  for (int32_t start = 4; start < 1024000; start += 1000) blocks_.push_back({start, 1000});
  blocks_.resize(1025);
  index_.Reserve(AllBlocks());
  survey_.Begin(method_, Input(100, AllBlocks()));
  EXPECT_EQ(survey_.num_scored_groups(), 255);  // 1,024 blocks behind the sink: 3, 255 groups, 1
  const std::vector<Block> some(4, {4, 10});
  for (int64_t b = 0; b < AllBlocks(); b += 4) {
    index_.Fill(0, b,
                std::span(some).first(static_cast<size_t>(std::min<int64_t>(4, AllBlocks() - b))),
                std::vector<KvView>(2, pages_.View()));
  }
  int64_t scored = 0;
  for (const BlockRange& range : Survey(Input(100, AllBlocks()))) scored += range.count;
  EXPECT_NEAR(static_cast<double>(scored), 128, 8);
}

// Of 2,000 tokens a block 4,096 tokens are less than a group: no choice.
TEST_F(BlockSurveyTest, LongBlocksAreAllScored) {
  blocks_ = {{0, 4}};
  for (int32_t start = 4; start + 2000 <= kTokens; start += 2000) blocks_.push_back({start, 2000});
  Heat({330});
  const SelectInput input = Input(100, AllBlocks());
  EXPECT_EQ(Survey(input).size(), 1u);
  EXPECT_EQ(survey_.num_scored_groups(), 0);
  TokenSelection selection;
  TokenChoice choice;
  selection.Run(method_, input, &choice);
  ASSERT_GE(choice.tokens.size(), 100u);
  EXPECT_GE(choice.tokens[0], 4);  // of a candidate: the budget is used
}

// Through all the steps: the hot tokens are found, wherever they are, by their own positions.
TEST_F(BlockSurveyTest, TokensAreChosenOutOfSurveyedBlocks) {
  Heat({330, 7775, 12345, 19990});
  const SelectInput input = Input(40, AllBlocks());
  TokenSelection selection;
  TokenChoice choice;
  selection.Run(method_, input, &choice);
  std::vector<int32_t> want;
  for (const int32_t first : {330, 7775, 12345, 19990}) {
    for (int32_t t = first; t < first + 10; ++t) want.push_back(t);
  }
  const std::vector<int32_t> chosen(choice.tokens.begin(), choice.tokens.begin() + 40);
  EXPECT_EQ(chosen, want);
}

TEST_F(BlockSurveyTest, PartsDoNotMatter) {
  Heat({330, 7775, 12345, 19990});
  const SelectInput input = Input(64, AllBlocks());
  TokenSelection whole;
  TokenChoice want;
  whole.Run(method_, input, &want);
  TokenSelection parts;
  parts.Begin(method_, input);
  const int64_t groups = parts.num_scored_groups();
  ASSERT_GT(groups, 100);
  for (const TokenRange range : {TokenRange{65, groups}, {0, 65}}) parts.ScoreGroups(input, range);
  parts.FindBlocks(method_, input);
  const int64_t blocks = parts.num_scored_blocks();
  ASSERT_LT(blocks, AllBlocks() / 2);
  for (const TokenRange range : {TokenRange{700, blocks}, {0, 33}, {33, 700}}) {
    parts.ScoreBlocks(input, range);
  }
  parts.FindKeys(method_, input);
  parts.ScoreKeys(input, {0, parts.num_keys()});
  TokenChoice got;
  parts.Choose(method_, input, &got);
  EXPECT_EQ(got.tokens, want.tokens);
  // A short text after a long one: nothing of the survey is left.
  const SelectInput shorter = Input(64, 1000);
  parts.Run(method_, shorter, &got);
  whole = TokenSelection();
  whole.Run(method_, shorter, &want);
  EXPECT_EQ(got.tokens, want.tokens);
}

}  // namespace
}  // namespace dynsplit
