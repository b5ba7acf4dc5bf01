#include "kernels/key_score.h"

#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

// f32 sums of head_dim products against double ones.
constexpr double kTolerance = 2e-5;

class KeyScoreTest : public KernelTest {
 protected:
  void ExpectEqualsReference(const std::vector<int32_t>& tokens) {
    ForGroupSizes([&] {
      RandomPages pages(rng_, 200, head_dim());
      const std::vector<float> queries =
          RandomFloats(rng_, static_cast<size_t>(group_heads() * head_dim()));
      const auto num_tokens = static_cast<int64_t>(tokens.size());
      const int64_t stride = num_tokens + 3;
      std::vector<float> want(static_cast<size_t>(stride * group_heads()), -7.0f);
      std::vector<float> got = want;
      const KeyScoreArgs args = {.queries = queries.data(),
                                 .group_heads = group_heads(),
                                 .scale = scale(),
                                 .kv = pages.View(),
                                 .tokens = tokens.data(),
                                 .num_tokens = num_tokens};
      KeyScoreRef(args, want.data(), stride);
      KeyScore(args, got.data(), stride);
      ExpectNear(got, want, tolerance());  // and nothing written past the keys
    });
  }

  // In runs of several lengths, in any order, some twice.
  std::vector<int32_t> Scattered(size_t count) {
    std::vector<int32_t> tokens;
    while (tokens.size() < count) {
      const auto start = static_cast<int32_t>(rng_.Below(190));
      const auto length = static_cast<int32_t>(1 + rng_.Below(9));
      for (int32_t i = 0; i < length && tokens.size() < count; ++i) tokens.push_back(start + i);
    }
    return tokens;
  }
};

TEST_P(KeyScoreTest, EqualsReference) {
  for (const size_t count : {1, 3, 4, 5, 63, 64, 65, 131}) ExpectEqualsReference(Scattered(count));
}

TEST_P(KeyScoreTest, NoTokens) { ExpectEqualsReference({}); }

INSTANTIATE_TEST_SUITE_P(Targets, KeyScoreTest, KernelCases(kTolerance), KernelCaseName);

}  // namespace
}  // namespace dynsplit
