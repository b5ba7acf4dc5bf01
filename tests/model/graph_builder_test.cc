#include "model/graph_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ggml-cpu.h"

namespace dynsplit {
namespace {

// Hands the queries through, so that what a layer does around its attention can be seen.
class QueriesThrough : public AttentionBuilder {
 public:
  ggml_tensor* Build(ggml_context* context, int, ggml_tensor* queries, ggml_tensor*,
                     ggml_tensor*) override {
    return ggml_reshape_2d(context, queries, queries->ne[0] * queries->ne[1], queries->ne[2]);
  }
};

class GraphBuilderTest : public ::testing::Test {
 protected:
  GraphBuilderTest() : context_(ggml_init({1 << 22, nullptr, false})) {
    config_.num_layers = 1;
    config_.num_heads = 1;
    config_.head_dim = 16;
    config_.value_dim = 16;
    config_.layers.resize(1);
    config_.rms_epsilon = 1e-6f;
    config_.rope.dimension_count = 16;
    config_.rope.original_context = 512;
    inputs_.positions = ggml_new_tensor_1d(context_, GGML_TYPE_I32, 1);
  }
  ~GraphBuilderTest() override { ggml_free(context_); }

  GraphBuilder Builder() {
    return {context_, config_, weights_, inputs_, attention_, context_tokens_};
  }

  ggml_tensor* Tensor(const std::vector<float>& values, int64_t columns) {
    ggml_tensor* t = ggml_new_tensor_2d(context_, GGML_TYPE_F32, columns,
                                        static_cast<int64_t>(values.size()) / columns);
    std::copy(values.begin(), values.end(), ggml_get_data_f32(t));
    return t;
  }
  ggml_tensor* Identity(int size) {
    std::vector<float> values(static_cast<size_t>(size) * size);
    for (int i = 0; i < size; ++i) values[i * size + i] = 1;
    return Tensor(values, size);
  }
  std::vector<float> Compute(ggml_tensor* out) {
    ggml_cgraph* graph = ggml_new_graph(context_);
    ggml_build_forward_expand(graph, out);
    EXPECT_EQ(ggml_graph_compute_with_ctx(context_, graph, 1), GGML_STATUS_SUCCESS);
    const float* values = ggml_get_data_f32(out);
    return {values, values + ggml_nelements(out)};
  }

  ggml_context* context_;
  ModelConfig config_;
  ModelWeights weights_;
  GraphInputs inputs_;
  QueriesThrough attention_;
  int64_t context_tokens_ = 512;
};

TEST_F(GraphBuilderTest, RmsNormScalesByTheRootOfTheMeanSquare) {
  const auto got = Compute(RmsNorm(Builder(), Tensor({3, 4, 0, 0}, 4), Tensor({1, 1, 2, 2}, 4)));
  EXPECT_NEAR(got[0], 3 / 2.5, 1e-5);
  EXPECT_NEAR(got[1], 4 / 2.5, 1e-5);
  EXPECT_EQ(got[2], 0);
}

TEST_F(GraphBuilderTest, LinearAddsItsBias) {
  ggml_tensor* weight = Tensor({1, 2, 3, 4}, 2);
  EXPECT_EQ(Compute(Linear(Builder(), weight, nullptr, Tensor({1, 10}, 2))),
            (std::vector<float>{21, 43}));
  EXPECT_EQ(Compute(Linear(Builder(), weight, Tensor({0.5, -1}, 2), Tensor({1, 10}, 2))),
            (std::vector<float>{21.5, 42}));
}

TEST_F(GraphBuilderTest, FeedForwardGatesTheUpProjection) {
  weights_.layers.resize(1);
  weights_.layers[0].ffn_gate = Tensor({1, 0, 0, 1}, 2);
  weights_.layers[0].ffn_up = Tensor({0, 1, 1, 0}, 2);
  weights_.layers[0].ffn_down = Tensor({1, 1}, 2);
  const auto got = Compute(FeedForward(Builder(), 0, Tensor({2, -1}, 2)));
  const auto silu = [](double x) { return x / (1 + std::exp(-x)); };
  EXPECT_NEAR(got[0], silu(2) * -1 + silu(-1) * 2, 1e-3);
}

TEST_F(GraphBuilderTest, RopeTurnsAdjacentPairsOrHalves) {
  weights_.layers.resize(1);
  LayerWeights& layer = weights_.layers[0];
  layer.wq = layer.wk = layer.wv = layer.wo = Identity(16);
  std::vector<float> x(16);
  x[0] = 1;  // the pair that turns fastest: by the position in radians
  for (const RopeLayout layout : {RopeLayout::kAdjacent, RopeLayout::kHalves}) {
    config_.rope.layout = layout;
    ggml_tensor* out = SelfAttention(Builder(), 0, Tensor(x, 16));
    ggml_set_i32(inputs_.positions, 2);
    const auto got = Compute(out);
    EXPECT_NEAR(got[0], std::cos(2.0), 1e-5);
    EXPECT_NEAR(got[layout == RopeLayout::kAdjacent ? 1 : 8], std::sin(2.0), 1e-5);
  }
}

TEST_F(GraphBuilderTest, LinearScalingStretchesPositions) {
  weights_.layers.resize(1);
  LayerWeights& layer = weights_.layers[0];
  layer.wq = layer.wk = layer.wv = layer.wo = Identity(16);
  config_.rope.scaling = RopeScaling::kLinear;
  config_.rope.factor = 4;
  std::vector<float> x(16);
  x[0] = 1;
  ggml_tensor* out = SelfAttention(Builder(), 0, Tensor(x, 16));
  ggml_set_i32(inputs_.positions, 2);
  EXPECT_NEAR(Compute(out)[0], std::cos(0.5), 1e-5);
}

TEST_F(GraphBuilderTest, LayersMayKeepPositionsOut) {
  weights_.layers.resize(1);
  LayerWeights& layer = weights_.layers[0];
  layer.wq = layer.wk = layer.wv = layer.wo = Identity(16);
  config_.layers[0].rotates = false;
  std::vector<float> x(16);
  x[0] = 1;
  ggml_tensor* out = SelfAttention(Builder(), 0, Tensor(x, 16));
  ggml_set_i32(inputs_.positions, 2);
  EXPECT_EQ(Compute(out), x);
}

TEST_F(GraphBuilderTest, LongContextsTakeTheLongFactors) {
  weights_.layers.resize(1);
  LayerWeights& layer = weights_.layers[0];
  layer.wq = layer.wk = layer.wv = layer.wo = Identity(16);
  weights_.rope_short = Tensor({2, 1, 1, 1, 1, 1, 1, 1}, 8);
  weights_.rope_long = Tensor({4, 1, 1, 1, 1, 1, 1, 1}, 8);
  std::vector<float> x(16);
  x[0] = 1;
  for (const int64_t context : {512, 513}) {
    context_tokens_ = context;
    ggml_tensor* out = SelfAttention(Builder(), 0, Tensor(x, 16));
    ggml_set_i32(inputs_.positions, 2);
    EXPECT_NEAR(Compute(out)[0], std::cos(context == 512 ? 1.0 : 0.5), 1e-5);
  }
}

TEST_F(GraphBuilderTest, NormsOfHeadsOrOfAllTogether) {
  weights_.layers.resize(1);
  LayerWeights& layer = weights_.layers[0];
  layer.wq = layer.wk = layer.wv = layer.wo = Identity(32);
  config_.num_heads = 2;
  config_.layers[0].rotates = false;
  std::vector<float> x(32, 1.0f);
  std::fill(x.begin() + 16, x.end(), 3.0f);
  layer.q_norm = Tensor(std::vector<float>(16, 1.0f), 16);
  const auto each = Compute(SelfAttention(Builder(), 0, Tensor(x, 32)));
  EXPECT_NEAR(each[0], 1.0f, 1e-5);
  EXPECT_NEAR(each[31], 1.0f, 1e-5);
  layer.q_norm = Tensor(std::vector<float>(32, 1.0f), 32);
  const auto whole = Compute(SelfAttention(Builder(), 0, Tensor(x, 32)));
  EXPECT_NEAR(whole[0], 1 / std::sqrt(5.0), 1e-5);
  EXPECT_NEAR(whole[31], 3 / std::sqrt(5.0), 1e-5);
}

TEST_F(GraphBuilderTest, ExpertsAddUpByTheirShares) {
  weights_.layers.resize(1);
  LayerWeights& layer = weights_.layers[0];
  config_.num_experts = 3;
  config_.num_used_experts = 2;
  // Expert e gates by e + 1, lets everything through and gives it back; it is liked by x[e].
  layer.expert_choice = Tensor({1, 0, 0, 0, 1, 0, 0, 0, 1}, 3);
  const auto stack = [&](float first, float step) {
    ggml_tensor* t = ggml_new_tensor_3d(context_, GGML_TYPE_F32, 3, 3, 3);
    for (int e = 0; e < 3; ++e) {
      for (int i = 0; i < 9; ++i) {
        ggml_get_data_f32(t)[9 * e + i] = i % 4 == 0 ? first + step * static_cast<float>(e) : 0.0f;
      }
    }
    return t;
  };
  layer.ffn_gate = stack(1, 1);
  layer.ffn_up = layer.ffn_down = stack(1, 0);
  const std::vector<float> x = {2, 1, -1};
  const auto got = Compute(ExpertFeedForward(Builder(), 0, Tensor(x, 3)));
  const auto silu = [](double v) { return v / (1 + std::exp(-v)); };
  const double share = 1 / (1 + std::exp(-1.0));  // of expert 0, beside expert 1
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(got[i], (share * silu(x[i]) + (1 - share) * silu(2 * x[i])) * x[i], 1e-3) << i;
  }
}

}  // namespace
}  // namespace dynsplit
