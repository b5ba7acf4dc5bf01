#include "engine/attention_ops.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "ggml-cpu.h"

namespace dynsplit::testing {
namespace {

TEST(AttentionOpsTest, OneLayerInAGraphEqualsPlainAttention) {
  constexpr int kRows = 40;
  constexpr CacheShape kShape{.num_layers = 2, .num_heads = 4, .kv_heads = 2, .head_dim = 16};
  PagePool pool(kShape.head_dim);
  const std::vector<std::string> bytes = {"a"};
  const std::vector<uint8_t> turn(1);
  SemanticCache cache(kShape, Method{}, &pool,
                      std::make_shared<const DelimiterTable>(DelimiterTable::Build(bytes, turn)),
                      {});
  ASSERT_TRUE(cache.Begin(std::vector<int32_t>(kRows), Attention::kDense).ok());
  AttentionBatch batch(kShape, 2);
  AttentionOps ops(&batch, kShape.num_layers);
  const Span span{.cache = &cache, .first_row = 0, .rows = kRows};
  batch.Begin({&span, 1});

  std::vector<uint8_t> memory(1 << 22);
  ggml_context* context = ggml_init({memory.size(), memory.data(), /*no_alloc=*/false});
  Rng rng(1);
  const auto random = [&](int heads) {
    ggml_tensor* t = ggml_new_tensor_3d(context, GGML_TYPE_F32, kShape.head_dim, heads, kRows);
    for (int64_t i = 0; i < ggml_nelements(t); ++i) {
      ggml_get_data_f32(t)[i] = static_cast<float>(2 * rng.Uniform() - 1);
    }
    return t;
  };
  ggml_tensor* q = random(kShape.num_heads);
  ggml_tensor* k = random(kShape.kv_heads);
  ggml_tensor* v = random(kShape.kv_heads);
  ggml_tensor* out = ops.Build(context, /*layer=*/1, q, k, v);
  ASSERT_EQ(out->ne[0], kShape.num_heads * kShape.head_dim);
  ASSERT_EQ(out->ne[1], kRows);
  ggml_cgraph* graph = ggml_new_graph(context);
  ggml_build_forward_expand(graph, out);
  ASSERT_EQ(ggml_graph_compute_with_ctx(context, graph, 2), GGML_STATUS_SUCCESS);

  const auto at = [](const ggml_tensor* t, int row, int head, int i) {
    return static_cast<double>(ggml_get_data_f32(t)[(row * t->ne[1] + head) * t->ne[0] + i]);
  };
  for (int row = 0; row < kRows; ++row) {
    for (int h = 0; h < kShape.num_heads; ++h) {
      const int g = h / kShape.group_heads();
      std::vector<double> sums(kShape.head_dim);
      double total = 0;
      for (int key = 0; key <= row; ++key) {
        double score = 0;
        for (int i = 0; i < kShape.head_dim; ++i) score += at(q, row, h, i) * at(k, key, g, i);
        const double weight = std::exp(score / std::sqrt(kShape.head_dim));
        total += weight;
        for (int i = 0; i < kShape.head_dim; ++i) sums[i] += weight * at(v, key, g, i);
      }
      for (int i = 0; i < kShape.head_dim; ++i) {
        const float got =
            ggml_get_data_f32(out)[(row * kShape.num_heads + h) * kShape.head_dim + i];
        ASSERT_NEAR(got, sums[i] / total, 2e-3) << row << " " << h << " " << i;
      }
    }
  }
  ggml_free(context);
}

}  // namespace
}  // namespace dynsplit::testing
