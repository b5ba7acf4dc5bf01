#include "kernels/top_indices.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<int32_t> Top(const std::vector<float>& values, int64_t count) {
  TopIndicesScratch scratch;
  std::vector<int32_t> indices = {99};  // it starts afresh
  TopIndices(values, count, &scratch, &indices);
  return indices;
}

std::vector<int32_t> TopRef(const std::vector<float>& values, int64_t count) {
  std::vector<int32_t> indices;
  TopIndicesRef(values, count, &indices);
  return indices;
}

class TopIndicesTest : public IsaTest {};

TEST_P(TopIndicesTest, GreatestInOrder) {
  EXPECT_THAT(Top({0.5f, 3, 0.25f, 4, 1}, 3), ElementsAre(1, 3, 4));
  EXPECT_THAT(Top({0.5f, 3, 0.25f}, 3), ElementsAre(0, 1, 2));
  EXPECT_THAT(Top({0.5f, 3, 0.25f}, 9), ElementsAre(0, 1, 2));
  EXPECT_THAT(Top({0.5f, 3, 0.25f}, 0), IsEmpty());
  EXPECT_THAT(Top({}, 2), IsEmpty());
}

TEST_P(TopIndicesTest, TheLowerIndexOfEquals) {
  EXPECT_THAT(Top({1, 2, 1, 2, 1, 1}, 4), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(Top(std::vector<float>(50, 0.125f), 3), ElementsAre(0, 1, 2));
}

TEST_P(TopIndicesTest, WhatIsNoNumberCountsAsNothing) {
  EXPECT_THAT(Top({kNan, -1, 0, 1e-40f, -kInfinity, kInfinity}, 2), ElementsAre(3, 5));
  EXPECT_THAT(Top({kNan, -1, 0, 1e-40f, -kInfinity, kInfinity}, 4), ElementsAre(0, 1, 3, 5));
}

TEST_P(TopIndicesTest, EqualsReference) {
  Rng rng(4);
  for (const size_t size : {1, 15, 16, 17, 100, 5000}) {
    std::vector<float> values = RandomFloats(rng, size, 2);
    for (float& value : values) value = std::exp(20 * value);  // as shares of a softmax spread
    for (size_t i = 0; i < size; i += 7) values[i] = values[size / 2];
    for (const int64_t count : {1, 2, 16, 50, 99, 4000}) {
      EXPECT_EQ(Top(values, count), TopRef(values, count)) << size << " " << count;
    }
  }
}

// Where the sample, every 16th value, tells nothing, or the wrong thing.
TEST_P(TopIndicesTest, EqualsReferenceWhateverTheSampleSays) {
  constexpr size_t kSize = 4096;
  Rng rng(5);
  const std::vector<float> spread = RandomFloats(rng, kSize, 1);
  for (const float sampled : {0.0f, 0.5f, 100.0f, kNan, kInfinity}) {
    std::vector<float> values = spread;
    for (float& value : values) value = std::exp(8 * value);
    for (size_t i = 0; i < kSize; i += 16) values[i] = sampled;
    for (const int64_t count : {1, 100, 300, 1024, 1025}) {
      EXPECT_EQ(Top(values, count), TopRef(values, count)) << sampled << " " << count;
    }
  }
  EXPECT_EQ(Top(std::vector<float>(kSize, 0.25f), 100), TopRef(std::vector<float>(kSize), 100));
  EXPECT_EQ(Top(std::vector<float>(kSize), 100), TopRef(std::vector<float>(kSize), 100));
}

INSTANTIATE_TEST_SUITE_P(All, TopIndicesTest, ::testing::ValuesIn(AvailableIsas()), IsaCaseName);

RC_GTEST_PROP(TopIndicesProperty, EqualsReference, ()) {
  const auto values = *rc::gen::container<std::vector<float>>(
      rc::gen::oneOf(rc::gen::arbitrary<float>(), rc::gen::element(0.0f, 0.5f, 0.51f, kNan)));
  const auto count = *rc::gen::inRange<int64_t>(0, static_cast<int64_t>(values.size()) + 2);
  RC_ASSERT(Top(values, count) == TopRef(values, count));
}

}  // namespace
}  // namespace dynsplit
