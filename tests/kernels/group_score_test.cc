#include "kernels/group_score.h"

#include <limits>

#include "kernels/int2.h"
#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

class GroupScoreIsaTest : public IsaTest {};

// One line, all of it read: the best of 16 vectors, by one channel that has any step.
TEST_P(GroupScoreIsaTest, TheGreatestScoreByHand) {
  AlignedBuffer<uint8_t> codes(Int2Bytes(16, 2 * kInt2Group));
  std::fill_n(codes.data(), codes.size(), uint8_t{0});
  SetInt2Code(codes.data(), PlaceOfInt2(16, 5, 3), 3);
  SetInt2Code(codes.data(), PlaceOfInt2(16, 16 + 9, 3), 2);
  std::vector<f16> scale(Int2ScaleElements(16), 0);
  scale[3] = F16FromF32(10);      // the center
  scale[16 + 3] = F16FromF32(4);  // the step
  std::vector<float> queries(32, 0.0f);
  queries[3] = 1;
  queries[16 + 3] = -1;
  const int line = 0;
  float scores[] = {9, 9, 9, 9, 9};
  GroupScore({.queries = queries.data(),
              .group_heads = 2,
              .head_dim = 16,
              .scale = 0.5f,
              .lines = &line,
              .codes = {codes.data(), scale.data()},
              .count = 2},
             scores, 3);
  EXPECT_FLOAT_EQ(scores[0], (10 + 4 * 1.5f) / 2);
  EXPECT_FLOAT_EQ(scores[1], (10 + 4 * 0.5f) / 2);
  EXPECT_FLOAT_EQ(scores[2], 9);
  EXPECT_FLOAT_EQ(scores[3], (-10 + 4 * 1.5f) / 2);
  EXPECT_FLOAT_EQ(scores[4], (-10 + 4 * 1.5f) / 2);
}

// All steps are the greatest one and all codes 3 in what is read.
TEST_P(GroupScoreIsaTest, ExtremeSumsDoNotOverflow) {
  for (int head_dim = 16; head_dim <= kMaxHeadDim; head_dim += 16) {
    AlignedBuffer<uint8_t> codes(Int2Bytes(head_dim, kInt2Group));
    std::fill_n(codes.data(), codes.size(), uint8_t{0xff});
    const std::vector<f16> scale(Int2ScaleElements(head_dim), F16FromF32(1));
    const std::vector<int> lines = {0, 1, 2, 3};
    for (const float value : {1000.0f, -1000.0f}) {
      const std::vector<float> query(static_cast<size_t>(head_dim), value);
      float score = 0;
      GroupScore({.queries = query.data(),
                  .head_dim = head_dim,
                  .lines = lines.data(),
                  .codes = {codes.data(), scale.data()},
                  .count = 1},
                 &score, 1);
      const int read = RoughLines(head_dim) * kInt2LineChannels;
      EXPECT_NEAR(score, value * (static_cast<float>(head_dim) + 1.5f * static_cast<float>(read)),
                  100);
    }
  }
}

TEST_P(GroupScoreIsaTest, ZeroAndBrokenQueriesAreSafe) {
  AlignedBuffer<uint8_t> codes(Int2Bytes(64, kInt2Group));
  std::fill_n(codes.data(), codes.size(), uint8_t{0x6c});
  const std::vector<f16> scale(Int2ScaleElements(64), F16FromF32(1));
  for (const float value : {0.0f, std::nanf(""), std::numeric_limits<float>::infinity(), 1e38f}) {
    const std::vector<float> query(64, value);
    int line = -1;
    GroupScoreArgs args = {.queries = query.data(),
                           .head_dim = 64,
                           .lines = &line,
                           .codes = {codes.data(), scale.data()},
                           .count = 1};
    ChooseLines(args, {&line, 1});
    EXPECT_TRUE(line >= 0 && line < 4) << value;
    float scores[] = {9, 9};
    GroupScore(args, scores, 1);
    EXPECT_EQ(scores[1], 9);
    EXPECT_TRUE(value != 0 || scores[0] == 0);
  }
}

INSTANTIATE_TEST_SUITE_P(All, GroupScoreIsaTest, ::testing::ValuesIn(AvailableIsas()), IsaCaseName);

TEST(ChooseLines, TakesThoseThatScoresVaryMostAlong) {
  std::vector<f16> scale(Int2ScaleElements(128), F16FromF32(1));
  std::vector<float> queries(2 * 128, 0.0f);
  queries[3 * 16 + 1] = 2;         // line 3 by head 0: 4
  queries[128 + 6 * 16 + 9] = -3;  // line 6 by head 1: 9, but for its small step
  queries[128 + 5 * 16 + 2] = 1;   // line 5, with a great step: 25
  scale[128 + 6 * 16 + 9] = F16FromF32(0.5f);
  scale[128 + 5 * 16 + 2] = F16FromF32(5);
  int lines[2];
  ChooseLines({.queries = queries.data(),
               .group_heads = 2,
               .head_dim = 128,
               .codes = {nullptr, scale.data()}},
              lines);
  EXPECT_EQ(lines[0], 5);
  EXPECT_EQ(lines[1], 3);
}

class GroupScoreTest : public KernelTest {
 protected:
  static constexpr int64_t kFirst = 6;  // within a panel

  void ExpectLikeReference(int64_t count) {
    AlignedBuffer<uint8_t> codes(Int2Bytes(head_dim(), (kFirst + count) * kInt2Group));
    for (uint8_t& byte : codes.span()) byte = static_cast<uint8_t>(rng_.Below(256));
    std::vector<f16> int2_scale = RandomF16(rng_, Int2ScaleElements(head_dim()));
    for (size_t j = static_cast<size_t>(head_dim()); j < int2_scale.size(); ++j)
      int2_scale[j] &= 0x7fff;
    const auto queries = RandomFloats(rng_, static_cast<size_t>(group_heads() * head_dim()));
    std::vector<int> lines(static_cast<size_t>(RoughLines(head_dim())));
    GroupScoreArgs args = {.queries = queries.data(),
                           .group_heads = group_heads(),
                           .head_dim = head_dim(),
                           .scale = scale(),
                           .codes = {codes.data(), int2_scale.data(), kFirst},
                           .count = count};
    ChooseLines(args, lines);
    args.lines = lines.data();
    for (const Int2Codes& next : {Int2Codes(), args.codes}) {
      args.next = next;  // fetched alone
      const int64_t stride = count + 3;
      std::vector<float> got(static_cast<size_t>(stride * group_heads()), 9.0f), want = got;
      GroupScore(args, got.data(), stride);
      GroupScoreRef(args, want.data(), stride);
      ExpectNear(got, want, tolerance());
    }
  }
};

TEST_P(GroupScoreTest, GroupsOfAnyCount) {
  ForGroupSizes([&] {
    for (const int64_t count : {0, 1, 2, 16, 33}) ExpectLikeReference(count);
  });
}

// Steps are rounded to a 127th of the greatest, as for SummaryScore.
INSTANTIATE_TEST_SUITE_P(All, GroupScoreTest, KernelCases(0.01), KernelCaseName);

}  // namespace
}  // namespace dynsplit
