#include "kernels/key_score.h"

#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

// f32 sums of head_dim products against double ones.
constexpr double kTolerance = 2e-5;

class KeyScoreTest : public KernelTest {
 protected:
  void ExpectEqualsReference(const std::vector<Tile>& tiles) {
    ForGroupSizes([&] {
      RandomPages pages(rng_, 200, head_dim());
      const std::vector<float> queries =
          RandomFloats(rng_, static_cast<size_t>(group_heads() * head_dim()));
      int64_t num_keys = 0;
      for (const Tile& tile : tiles) num_keys += tile.rows;
      const int64_t stride = num_keys + 3;
      std::vector<float> want(static_cast<size_t>(stride * group_heads()), -7.0f);
      std::vector<float> got = want;
      const KeyScoreArgs args = {.queries = queries.data(),
                                 .group_heads = group_heads(),
                                 .scale = scale(),
                                 .kv = pages.View(),
                                 .tiles = tiles.data(),
                                 .num_tiles = static_cast<int>(tiles.size())};
      KeyScoreRef(args, want.data(), stride);
      KeyScore(args, got.data(), stride);
      ExpectNear(got, want, tolerance());  // and nothing written past the keys
    });
  }
};

TEST_P(KeyScoreTest, EqualsReference) {
  ExpectEqualsReference({{0, 64}, {70, 1}, {72, 5}, {80, 0}, {64, 3}, {127, 1}, {128, 64}});
}

TEST_P(KeyScoreTest, NoTiles) { ExpectEqualsReference({}); }

INSTANTIATE_TEST_SUITE_P(Targets, KeyScoreTest, KernelCases(kTolerance), KernelCaseName);

}  // namespace
}  // namespace dynsplit
