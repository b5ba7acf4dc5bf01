#include "kernels/column_mass.h"

#include <numeric>

#include "kernels/causal_attention.h"
#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

class ColumnMassIsaTest : public IsaTest {};

TEST_P(ColumnMassIsaTest, TwoRowsByHand) {
  // Scores 0, ln 2, ln 3, ln 4 of the keys; rows at positions 2 and 3 see shares of 6 and of 10.
  Rng rng(1);
  RandomPages pages(rng, 4, 16);
  for (int token = 0; token < 4; ++token) {
    std::fill_n(pages.Key(token), 16, f16{0});
    pages.Key(token)[1] = F16FromF32(std::log(static_cast<float>(token + 1)));
  }
  float queries[32] = {};
  queries[1] = queries[17] = 2;
  const float lse[2] = {std::log(6.0f), std::log(10.0f)};
  ColumnMassArgs args;
  args.queries = queries;
  args.query_row_stride = 16;
  args.lse = lse;
  args.lse_row_stride = 1;
  args.rows = 2;
  args.scale = 0.5f;
  args.first_position = 2;
  args.kv = pages.View();
  args.keys = {1, 4};
  float mass[4] = {1, 0, 0, 9};
  ColumnMass(args, mass);
  EXPECT_NEAR(mass[0], 1 + 2.0 / 6 + 0.2, 1e-3);  // added to what was there
  EXPECT_NEAR(mass[1], 3.0 / 6 + 0.3, 1e-3);
  EXPECT_NEAR(mass[2], 0.4, 1e-3);  // the first row does not see it
  EXPECT_EQ(mass[3], 9);
}

INSTANTIATE_TEST_SUITE_P(All, ColumnMassIsaTest, ::testing::ValuesIn(AvailableIsas()), IsaCaseName);

class ColumnMassTest : public KernelTest {
 protected:
  // `rows` rows from `first_position` with their true log-sum-exps, between heads of others.
  ColumnMassArgs Args(const RandomPages& pages, int64_t first_position, int rows) {
    const int64_t stride = int64_t{group_heads() + 1} * head_dim();
    queries_ = RandomFloats(rng_, static_cast<size_t>(stride * rows));
    lse_.assign(static_cast<size_t>(rows) * (group_heads() + 2), 99.0f);
    std::vector<float> outputs(queries_.size());
    CausalAttentionArgs causal;
    causal.queries = queries_.data();
    causal.query_row_stride = causal.output_row_stride = stride;
    causal.rows = rows;
    causal.group_heads = group_heads();
    causal.scale = scale();
    causal.first_position = first_position;
    causal.kv = pages.View();
    causal.outputs = outputs.data();
    causal.lse = lse_.data();
    causal.lse_row_stride = group_heads() + 2;
    CausalAttentionRef(causal);
    ColumnMassArgs args;
    args.queries = queries_.data();
    args.query_row_stride = stride;
    args.lse = lse_.data();
    args.lse_row_stride = causal.lse_row_stride;
    args.rows = rows;
    args.group_heads = group_heads();
    args.scale = scale();
    args.first_position = first_position;
    args.kv = pages.View();
    return args;
  }

  std::vector<float> queries_, lse_;
};

TEST_P(ColumnMassTest, LikeTheReference) {
  ForGroupSizes([&] {
    for (const int64_t first : {0, 1, 63, 100}) {
      for (const int rows : {1, 2, 37}) {
        const RandomPages pages(rng_, first + rows, head_dim());
        ColumnMassArgs args = Args(pages, first, rows);
        // Whole, from the middle of a page, beyond what any row sees, and nothing.
        for (const TokenRange keys : {TokenRange{0, first + rows}, TokenRange{first / 2 + 1, first},
                                      TokenRange{0, first + rows + 70}, TokenRange{5, 5}}) {
          args.keys = keys;
          std::vector<float> got(static_cast<size_t>(std::max<int64_t>(0, keys.end - keys.start)),
                                 0.5f);
          std::vector<float> want = got;
          ColumnMass(args, got.data());
          ColumnMassRef(args, want.data());
          ExpectNear(got, want, tolerance());
        }
      }
    }
  });
}

TEST_P(ColumnMassTest, AllColumnsSumToOnePerRowAndHead) {
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 150, head_dim());
    ColumnMassArgs args = Args(pages, 120, 30);
    args.keys = {0, 150};
    std::vector<float> mass(150, 0.0f);
    ColumnMass(args, mass.data());
    const double rows = 30.0 * group_heads();
    EXPECT_NEAR(std::accumulate(mass.begin(), mass.end(), 0.0), rows, rows * tolerance());
  });
}

TEST_P(ColumnMassTest, NoRowsNoMass) {
  const RandomPages pages(rng_, 10, head_dim());
  ColumnMassArgs args = Args(pages, 3, 1);
  args.rows = 0;
  args.keys = {0, 10};
  std::vector<float> mass(10, 2.0f);
  ColumnMass(args, mass.data());
  EXPECT_EQ(mass, std::vector<float>(10, 2.0f));
}

INSTANTIATE_TEST_SUITE_P(All, ColumnMassTest, KernelCases(2e-5), KernelCaseName);

}  // namespace
}  // namespace dynsplit
