#include "model/graph_builder.h"

#include <gtest/gtest.h>

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

class GraphBuilderTest : public testing::Test {
 protected:
  GraphBuilderTest() : context_(ggml_init({1 << 22, nullptr, false})) {
    config_.num_layers = 1;
    config_.num_heads = 1;
    config_.num_kv_heads = 1;
    config_.head_dim = 16;
    config_.rms_epsilon = 1e-6f;
    config_.rope.dimension_count = 16;
    config_.rope.original_context = 512;
    inputs_.positions = ggml_new_tensor_1d(context_, GGML_TYPE_I32, 1);
  }
  ~GraphBuilderTest() override { ggml_free(context_); }

  GraphBuilder Builder() { return {context_, config_, weights_, inputs_, attention_}; }

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

TEST_F(GraphBuilderTest, SwiGluGatesTheUpProjection) {
  weights_.layers.resize(1);
  weights_.layers[0].ffn_gate = Tensor({1, 0, 0, 1}, 2);
  weights_.layers[0].ffn_up = Tensor({0, 1, 1, 0}, 2);
  weights_.layers[0].ffn_down = Tensor({1, 1}, 2);
  const auto got = Compute(SwiGlu(Builder(), 0, Tensor({2, -1}, 2)));
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

}  // namespace
}  // namespace dynsplit
