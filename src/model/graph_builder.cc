#include "model/graph_builder.h"

#include "base/check.h"

namespace dynsplit {
namespace {

ggml_tensor* SplitHeads(const GraphBuilder& graph, ggml_tensor* x, int heads) {
  return ggml_reshape_3d(graph.context, x, graph.config.head_dim, heads, x->ne[1]);
}

ggml_tensor* Rope(const GraphBuilder& graph, ggml_tensor* x) {
  const RopeConfig& rope = graph.config.rope;
  const bool yarn = rope.scaling == RopeScaling::kYarn;
  // The betas are YaRN's own (arXiv 2309.00071, section 3.2): 32 and 1 turns over the context.
  return ggml_rope_ext(
      graph.context, x, graph.inputs.positions, graph.weights.rope_freqs, rope.dimension_count,
      rope.layout == RopeLayout::kHalves ? GGML_ROPE_TYPE_NEOX : GGML_ROPE_TYPE_NORMAL,
      static_cast<int>(rope.original_context), rope.freq_base, 1.0f / rope.factor,
      yarn ? 1.0f : 0.0f, rope.attention_factor, 32.0f, 1.0f);
}

ggml_tensor* KeepOutputRows(const GraphBuilder& graph, ggml_tensor* x) {
  if (graph.inputs.output_rows->ne[0] == x->ne[1]) return x;
  return ggml_get_rows(graph.context, x, graph.inputs.output_rows);
}

}  // namespace

ggml_tensor* Embed(const GraphBuilder& graph) {
  return ggml_get_rows(graph.context, graph.weights.token_embd, graph.inputs.tokens);
}

ggml_tensor* RmsNorm(const GraphBuilder& graph, ggml_tensor* x, ggml_tensor* weight) {
  return ggml_mul(graph.context, ggml_rms_norm(graph.context, x, graph.config.rms_epsilon), weight);
}

ggml_tensor* Linear(const GraphBuilder& graph, ggml_tensor* weight, ggml_tensor* bias,
                    ggml_tensor* x) {
  ggml_tensor* y = ggml_mul_mat(graph.context, weight, x);
  return bias == nullptr ? y : ggml_add(graph.context, y, bias);
}

ggml_tensor* SelfAttention(const GraphBuilder& graph, int layer, ggml_tensor* x) {
  const LayerWeights& w = graph.weights.layers[static_cast<size_t>(layer)];
  const ModelConfig& config = graph.config;
  ggml_tensor* queries =
      Rope(graph, SplitHeads(graph, Linear(graph, w.wq, w.bq, x), config.num_heads));
  ggml_tensor* keys =
      Rope(graph, SplitHeads(graph, Linear(graph, w.wk, w.bk, x), config.num_kv_heads));
  ggml_tensor* values = SplitHeads(graph, Linear(graph, w.wv, w.bv, x), config.num_kv_heads);
  return Linear(graph, w.wo, w.bo,
                graph.attention.Build(graph.context, layer, queries, keys, values));
}

ggml_tensor* SwiGlu(const GraphBuilder& graph, int layer, ggml_tensor* x) {
  const LayerWeights& w = graph.weights.layers[static_cast<size_t>(layer)];
  ggml_tensor* gate = Linear(graph, w.ffn_gate, nullptr, x);
  ggml_tensor* up = Linear(graph, w.ffn_up, nullptr, x);
  return Linear(graph, w.ffn_down, nullptr, ggml_swiglu_split(graph.context, gate, up));
}

ggml_tensor* PreNormLayer(const GraphBuilder& graph, int layer, ggml_tensor* x) {
  const LayerWeights& w = graph.weights.layers[static_cast<size_t>(layer)];
  ggml_tensor* attended = SelfAttention(graph, layer, RmsNorm(graph, x, w.attn_norm));
  if (layer + 1 == graph.config.num_layers) {
    attended = KeepOutputRows(graph, attended);
    x = KeepOutputRows(graph, x);
  }
  x = ggml_add(graph.context, x, attended);
  return ggml_add(graph.context, x, SwiGlu(graph, layer, RmsNorm(graph, x, w.ffn_norm)));
}

ggml_tensor* OutputLogits(const GraphBuilder& graph, ggml_tensor* x) {
  return Linear(graph, graph.weights.output, nullptr, RmsNorm(graph, x, graph.weights.output_norm));
}

ggml_tensor* BuildPreNormModel(const GraphBuilder& graph) {
  ggml_tensor* x = ggml_set_name(Embed(graph), kSectionEnd);
  for (int i = 0; i < graph.config.num_layers; ++i) {
    x = ggml_set_name(PreNormLayer(graph, i, x), kSectionEnd);
  }
  return OutputLogits(graph, x);
}

ggml_tensor* BuildModel(const GraphBuilder& graph) {
  switch (graph.config.architecture) {
    case Architecture::kLlama:
      return BuildLlama(graph);
    case Architecture::kQwen2:
      return BuildQwen2(graph);
  }
  DYNSPLIT_CHECK(false);
  return nullptr;
}

}  // namespace dynsplit
