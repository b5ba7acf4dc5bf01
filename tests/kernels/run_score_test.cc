#include "kernels/run_score.h"

#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

class RunScoreTest : public KernelTest {
 protected:
  // Means of `num_runs` runs, NaN behind the last; and queries whose rows lie apart.
  RunScoreArgs Args(int rows, int64_t num_runs, double spread = 1) {
    chunks_.clear();
    pointers_.clear();
    for (int64_t first = 0; first < num_runs; first += kMeanChunk) {
      const size_t chunk = static_cast<size_t>(kMeanChunk) * head_dim();
      const size_t used = static_cast<size_t>(std::min<int64_t>(kMeanChunk, num_runs - first));
      chunks_.push_back(RandomF16(rng_, used * head_dim(), spread));
      chunks_.back().resize(chunk, f16{0x7e00});
    }
    for (const auto& chunk : chunks_) pointers_.push_back(chunk.data());
    RunScoreArgs args;
    args.rows = rows;
    args.group_heads = group_heads();
    args.head_dim = head_dim();
    args.scale = scale();
    args.query_row_stride = int64_t{group_heads()} * head_dim() + 5;
    queries_ = RandomFloats(rng_, static_cast<size_t>(rows * args.query_row_stride), spread);
    args.queries = queries_.data();
    args.chunks = pointers_.data();
    args.num_runs = num_runs;
    return args;
  }

  static std::vector<float> Run(const RunScoreArgs& args) {
    AlignedBuffer<float> scratch(RunScoreScratch(args.head_dim, args.num_runs));
    for (float& value : scratch.span()) value = NAN;
    std::vector<float> worth(static_cast<size_t>(args.num_runs) + 1, 9.0f);
    RunScore(args, scratch.data(), worth.data());
    EXPECT_EQ(worth.back(), 9.0f);
    worth.pop_back();
    return worth;
  }

  static std::vector<float> Reference(const RunScoreArgs& args) {
    std::vector<float> worth(static_cast<size_t>(args.num_runs));
    RunScoreRef(args, worth.data());
    return worth;
  }

  std::vector<std::vector<f16>> chunks_;
  std::vector<const f16*> pointers_;
  std::vector<float> queries_;
};

TEST_P(RunScoreTest, EqualsTheReference) {
  ForGroupSizes([&] {
    for (const int rows : {1, 2, 7, 16}) {
      for (const int64_t runs : {1, 5, 64, 65, 131}) {
        const RunScoreArgs args = Args(rows, runs);
        ExpectNear(Run(args), Reference(args), tolerance());
      }
    }
  });
}

TEST_P(RunScoreTest, LargeScoresNeitherOverflowNorVanish) {
  ForGroupSizes([&] {
    const RunScoreArgs args = Args(5, 70, 4);
    ExpectNear(Run(args), Reference(args), 10 * tolerance());
  });
}

TEST_P(RunScoreTest, OneRunHasAllOfEveryShare) {
  const RunScoreArgs args = Args(3, 1);
  EXPECT_NEAR(Run(args)[0], 1, 1e-6);
}

TEST_P(RunScoreTest, NoRunsNoWorth) {
  const RunScoreArgs args = Args(3, 0);
  EXPECT_TRUE(Run(args).empty());
}

INSTANTIATE_TEST_SUITE_P(All, RunScoreTest, KernelCases(2e-6), KernelCaseName);

class RunScoreIsaTest : public IsaTest {};

// Two queries with opposite wishes: each run is worth what the one that wants it gives.
TEST_P(RunScoreIsaTest, TheRowThatWantsARunDecides) {
  std::vector<f16> chunk(static_cast<size_t>(kMeanChunk) * 16, F16FromF32(0));
  chunk[0] = F16FromF32(1);    // run 0 along the first axis
  chunk[16] = F16FromF32(-1);  // run 1 against it; run 2 is zero
  const f16* chunks[] = {chunk.data()};
  float queries[32] = {};
  queries[0] = std::log(2.0f);    // weights 2, 1/2, 1
  queries[16] = -std::log(2.0f);  // weights 1/2, 2, 1
  RunScoreArgs args;
  args.queries = queries;
  args.query_row_stride = 16;
  args.rows = 2;
  args.head_dim = 16;
  args.chunks = chunks;
  args.num_runs = 3;
  AlignedBuffer<float> scratch(RunScoreScratch(16, 3));
  float worth[3];
  RunScore(args, scratch.data(), worth);
  EXPECT_NEAR(worth[0], 2 / 3.5, 1e-6);
  EXPECT_NEAR(worth[1], 2 / 3.5, 1e-6);
  EXPECT_NEAR(worth[2], 1 / 3.5, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(All, RunScoreIsaTest, ::testing::ValuesIn(AvailableIsas()), IsaCaseName);

}  // namespace
}  // namespace dynsplit
