#include "kernels/local_mass.h"

#include <numeric>

#include "kernels/causal_attention.h"
#include "kernels/kernel_fixture.h"

namespace dynsplit {
namespace {

class LocalMassIsaTest : public IsaTest {};

TEST_P(LocalMassIsaTest, FourKeysByHand) {
  // Scores 0, ln 2, ln 3, ln 4 of a row at position 3: masses 0.1, 0.2, 0.3, 0.4.
  Rng rng(1);
  RandomPages pages(rng, 4, 16);
  for (int token = 0; token < 4; ++token) {
    std::fill_n(pages.Key(token), 16, f16{0});
    pages.Key(token)[0] = static_cast<f16>(0x3c00);
    pages.Key(token)[1] = F16FromF32(std::log(static_cast<float>(token + 1)));
  }
  float query[16] = {};
  query[1] = 2;
  const float lse = std::log(10.0f);
  LocalMassArgs args;
  args.queries = query;
  args.lse = &lse;
  args.scale = 0.5f;
  args.kv = pages.View();
  args.position = 3;
  args.sink = 1;
  args.window = 2;
  float mass[4] = {1, 0, 0, 9};
  LocalMass(args, mass);
  EXPECT_NEAR(mass[0], 1.1, 1e-3);  // added to what was there
  EXPECT_NEAR(mass[1], 0.4, 1e-3);
  EXPECT_NEAR(mass[2], 0.3, 1e-3);
  EXPECT_EQ(mass[3], 9);
}

INSTANTIATE_TEST_SUITE_P(All, LocalMassIsaTest, ::testing::ValuesIn(AvailableIsas()), IsaCaseName);

class LocalMassTest : public KernelTest {
 protected:
  // A row at `position` with its true log-sum-exp.
  LocalMassArgs Args(const RandomPages& pages, int64_t position) {
    queries_ = RandomFloats(rng_, static_cast<size_t>(group_heads()) * head_dim());
    lse_.resize(group_heads());
    std::vector<float> outputs(queries_.size());
    CausalAttentionArgs causal;
    causal.queries = queries_.data();
    causal.rows = 1;
    causal.group_heads = group_heads();
    causal.scale = scale();
    causal.first_position = position;
    causal.kv = pages.View();
    causal.outputs = outputs.data();
    causal.lse = lse_.data();
    CausalAttentionRef(causal);
    LocalMassArgs args;
    args.queries = queries_.data();
    args.lse = lse_.data();
    args.group_heads = group_heads();
    args.scale = scale();
    args.kv = pages.View();
    args.position = position;
    return args;
  }

  std::vector<float> queries_, lse_;
};

TEST_P(LocalMassTest, LikeTheReference) {
  ForGroupSizes([&] {
    for (int64_t position : {0, 1, 5, 63, 64, 150}) {
      const RandomPages pages(rng_, position + 1, head_dim());
      LocalMassArgs args = Args(pages, position);
      for (int sink : {0, 70}) {
        for (int window : {0, 1, 80}) {
          args.sink = sink;
          args.window = window;
          std::vector<float> got(static_cast<size_t>(window) + 1, 0.5f), want = got;
          LocalMass(args, got.data());
          LocalMassRef(args, want.data());
          ExpectNear(got, want, tolerance());
        }
      }
    }
  });
}

TEST_P(LocalMassTest, SinkAndWholePrefixSumToOne) {
  ForGroupSizes([&] {
    const RandomPages pages(rng_, 131, head_dim());
    LocalMassArgs args = Args(pages, 130);
    args.sink = 4;
    args.window = 131;
    std::vector<float> mass(132, 0.0f);
    LocalMass(args, mass.data());
    EXPECT_NEAR(std::accumulate(mass.begin(), mass.end(), 0.0), group_heads(),
                group_heads() * tolerance());
    EXPECT_EQ(mass[131], 0);  // distance 130 is a sink
  });
}

INSTANTIATE_TEST_SUITE_P(All, LocalMassTest, KernelCases(1e-5), KernelCaseName);

}  // namespace
}  // namespace dynsplit
