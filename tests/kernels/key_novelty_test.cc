#include "kernels/key_novelty.h"

#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

class KeyNoveltyIsaTest : public IsaTest {
 protected:
  // Every element of token i's key is keys[i].
  std::vector<float> Run(const std::vector<float>& keys, int window) {
    Rng rng(1);
    const auto count = static_cast<int64_t>(keys.size());
    RandomPages pages(rng, count, 16);
    for (int64_t i = 0; i < count; ++i) std::fill_n(pages.Key(i), 16, F16FromF32(keys[i]));
    std::vector<float> novelty(keys.size(), -1);
    KeyNovelty({.kv = pages.View(), .keys = {0, count}, .cuts = {0, count}, .window = window},
               novelty.data());
    return novelty;
  }
};

using Floats = std::vector<float>;

TEST_P(KeyNoveltyIsaTest, IsTheScatterThatTheCutRemoves) {
  // Before 1 and 1, behind 4 and 4: the four scatter by 4 * 1.5^2 in each of 16 columns.
  EXPECT_EQ(Run({1, 1, 4, 4}, 2)[1], 144);
  // At the ends fewer keys are looked at: 1 against 1 and 4, 1 and 4 against 4.
  EXPECT_EQ(Run({1, 1, 4, 4}, 2), Floats({24, 144, 24, 0}));
  EXPECT_EQ(Run({1, 1, 4, 4}, 1), Floats({0, 72, 0, 0}));
  for (const float none : Run({7, 7, 7, 7, 7}, 16)) EXPECT_NEAR(none, 0, 1e-9);  // 7 * 3 / 3
  EXPECT_EQ(Run({7}, 4), Floats({0}));
}

TEST_P(KeyNoveltyIsaTest, ExtremesOfF16StayFinite) {
  for (const float value : Run({65504, 65504, -65504, -65504}, 2)) {
    EXPECT_TRUE(std::isfinite(value));
  }
}

INSTANTIATE_TEST_SUITE_P(All, KeyNoveltyIsaTest, ::testing::ValuesIn(AvailableIsas()), IsaCaseName);

class KeyNoveltyTest : public KernelTest {
 protected:
  void ExpectLikeReference(const KeyNoveltyArgs& args) {
    const auto count = static_cast<size_t>(args.cuts.end - args.cuts.start);
    std::vector<float> got(count, NAN), want(count, NAN);
    KeyNovelty(args, got.data());
    KeyNoveltyRef(args, want.data());
    ExpectNear(got, want, tolerance());
  }
};

TEST_P(KeyNoveltyTest, EveryWindowAcrossPages) {
  const RandomPages pages(rng_, 150, head_dim());
  for (int window = 1; window <= kMaxNoveltyWindow; ++window) {
    ExpectLikeReference({.kv = pages.View(), .keys = {0, 150}, .cuts = {0, 150}, .window = window});
  }
}

TEST_P(KeyNoveltyTest, LooksAtNoKeyOutside) {
  const RandomPages pages(rng_, 100, head_dim());  // what is behind is NaN
  ExpectLikeReference({.kv = pages.View(), .keys = {4, 100}, .cuts = {4, 100}, .window = 4});
  ExpectLikeReference({.kv = pages.View(), .keys = {4, 99}, .cuts = {60, 70}, .window = 4});
  ExpectLikeReference({.kv = pages.View(), .keys = {9, 10}, .cuts = {9, 10}, .window = 4});
  ExpectLikeReference({.kv = pages.View(), .keys = {9, 20}, .cuts = {12, 12}, .window = 4});
}

INSTANTIATE_TEST_SUITE_P(All, KeyNoveltyTest, KernelCases(1e-5), KernelCaseName);

}  // namespace
}  // namespace dynsplit
