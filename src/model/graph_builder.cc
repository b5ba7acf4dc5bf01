#include "model/graph_builder.h"

namespace dynsplit {
namespace {

const LayerWeights& WeightsOf(const GraphBuilder& graph, int layer) {
  return graph.weights.layers[static_cast<size_t>(layer)];
}

// [num_heads * dim, rows] to [dim, num_heads, rows], each head normalised, or before that all of
// them together, where `norm` is not null.
ggml_tensor* SplitHeads(const GraphBuilder& graph, ggml_tensor* x, int dim, ggml_tensor* norm) {
  const bool each = norm != nullptr && norm->ne[0] == dim;
  if (!each) x = RmsNorm(graph, x, norm);
  x = ggml_reshape_3d(graph.context, x, dim, x->ne[0] / dim, x->ne[1]);
  return each ? RmsNorm(graph, x, norm) : x;
}

// What the pairs' angles are divided by; null: nothing.
ggml_tensor* FrequencyFactors(const GraphBuilder& graph) {
  const ModelWeights& weights = graph.weights;
  if (weights.rope_freqs != nullptr) return weights.rope_freqs;
  return graph.context_tokens > graph.config.rope.original_context ? weights.rope_long
                                                                   : weights.rope_short;
}

ggml_tensor* Rope(const GraphBuilder& graph, int layer, ggml_tensor* x) {
  if (!graph.config.Layer(layer).rotates) return x;
  const RopeConfig& rope = graph.config.RopeOf(layer);
  const bool yarn = rope.scaling == RopeScaling::kYarn;
  // The betas are YaRN's own (arXiv 2309.00071, section 3.2): 32 and 1 turns over the context.
  return ggml_rope_ext(
      graph.context, x, graph.inputs.positions, FrequencyFactors(graph), rope.dimension_count,
      rope.layout == RopeLayout::kHalves ? GGML_ROPE_TYPE_NEOX : GGML_ROPE_TYPE_NORMAL,
      static_cast<int>(rope.original_context), rope.freq_base, 1.0f / rope.factor,
      yarn ? 1.0f : 0.0f, rope.attention_factor, 32.0f, 1.0f);
}

ggml_tensor* Scale(const GraphBuilder& graph, ggml_tensor* x, float factor) {
  return factor == 1.0f ? x : ggml_scale(graph.context, x, factor);
}

// cap * tanh(x / cap)
ggml_tensor* SoftCap(const GraphBuilder& graph, ggml_tensor* x, float cap) {
  if (cap == 0.0f) return x;
  x = ggml_tanh(graph.context, ggml_scale(graph.context, x, 1.0f / cap));
  return ggml_scale(graph.context, x, cap);
}

ggml_tensor* Gate(const GraphBuilder& graph, ggml_tensor* gate, ggml_tensor* up) {
  return graph.config.activation == Activation::kGelu ? ggml_geglu_split(graph.context, gate, up)
                                                      : ggml_swiglu_split(graph.context, gate, up);
}

ggml_tensor* KeepOutputRows(const GraphBuilder& graph, ggml_tensor* x) {
  if (graph.inputs.output_rows->ne[0] == x->ne[1]) return x;
  return ggml_get_rows(graph.context, x, graph.inputs.output_rows);
}

// The sum over the second dimension: [n, experts, rows] to [n, rows].
ggml_tensor* SumOfExperts(const GraphBuilder& graph, ggml_tensor* x) {
  ggml_tensor* sum = nullptr;
  for (int64_t i = 0; i < x->ne[1]; ++i) {
    ggml_tensor* part = ggml_view_2d(graph.context, x, x->ne[0], x->ne[2], x->nb[2],
                                     static_cast<size_t>(i) * x->nb[1]);
    sum = sum == nullptr ? part : ggml_add(graph.context, sum, part);
  }
  return x->ne[1] == 1 ? ggml_cont(graph.context, sum) : sum;
}

}  // namespace

ggml_tensor* Embed(const GraphBuilder& graph) {
  ggml_tensor* x = ggml_get_rows(graph.context, graph.weights.token_embd, graph.inputs.tokens);
  return Scale(graph, x, graph.config.embedding_scale);
}

ggml_tensor* RmsNorm(const GraphBuilder& graph, ggml_tensor* x, ggml_tensor* weight) {
  if (weight == nullptr) return x;
  return ggml_mul(graph.context, ggml_rms_norm(graph.context, x, graph.config.rms_epsilon), weight);
}

ggml_tensor* Linear(const GraphBuilder& graph, ggml_tensor* weight, ggml_tensor* bias,
                    ggml_tensor* x) {
  ggml_tensor* y = ggml_mul_mat(graph.context, weight, x);
  return bias == nullptr ? y : ggml_add(graph.context, y, bias);
}

ggml_tensor* SelfAttention(const GraphBuilder& graph, int layer, ggml_tensor* x) {
  const LayerWeights& w = WeightsOf(graph, layer);
  const ModelConfig& config = graph.config;
  ggml_tensor* queries = SplitHeads(graph, Linear(graph, w.wq, w.bq, x), config.head_dim, w.q_norm);
  ggml_tensor* keys = SplitHeads(graph, Linear(graph, w.wk, w.bk, x), config.head_dim, w.k_norm);
  ggml_tensor* values = SplitHeads(graph, Linear(graph, w.wv, w.bv, x), config.value_dim, nullptr);
  return Linear(graph, w.wo, w.bo,
                graph.attention.Build(graph.context, layer, Rope(graph, layer, queries),
                                      Rope(graph, layer, keys), values));
}

ggml_tensor* FeedForward(const GraphBuilder& graph, int layer, ggml_tensor* x) {
  const LayerWeights& w = WeightsOf(graph, layer);
  ggml_tensor* gate = Linear(graph, w.ffn_gate, w.ffn_gate_bias, x);
  ggml_tensor* up = Linear(graph, w.ffn_up, w.ffn_up_bias, x);
  return Linear(graph, w.ffn_down, w.ffn_down_bias, Gate(graph, gate, up));
}

ggml_tensor* ExpertFeedForward(const GraphBuilder& graph, int layer, ggml_tensor* x) {
  const LayerWeights& w = WeightsOf(graph, layer);
  const int64_t rows = x->ne[1];
  const int64_t num_used = graph.config.num_used_experts;
  ggml_context* context = graph.context;
  ggml_tensor* liking = ggml_soft_max(context, ggml_mul_mat(context, w.expert_choice, x));
  ggml_tensor* chosen = ggml_argsort_top_k(context, liking, static_cast<int>(num_used));
  ggml_tensor* shares = ggml_reshape_2d(
      context,
      ggml_get_rows(context, ggml_reshape_3d(context, liking, 1, liking->ne[0], rows), chosen),
      num_used, rows);
  shares = ggml_div(context, shares, ggml_sum_rows(context, shares));

  x = ggml_reshape_3d(context, x, x->ne[0], 1, rows);
  ggml_tensor* gate = ggml_mul_mat_id(context, w.ffn_gate, x, chosen);
  ggml_tensor* up = ggml_mul_mat_id(context, w.ffn_up, x, chosen);
  ggml_tensor* down = ggml_mul_mat_id(context, w.ffn_down, Gate(graph, gate, up), chosen);
  return SumOfExperts(graph,
                      ggml_mul(context, down, ggml_reshape_3d(context, shares, 1, num_used, rows)));
}

ggml_tensor* Layer(const GraphBuilder& graph, int layer, ggml_tensor* x) {
  const LayerWeights& w = WeightsOf(graph, layer);
  const float scale = graph.config.residual_scale;
  ggml_tensor* attended = SelfAttention(graph, layer, RmsNorm(graph, x, w.attn_norm));
  if (layer + 1 == graph.config.num_layers) {
    attended = KeepOutputRows(graph, attended);
    x = KeepOutputRows(graph, x);
  }
  attended = RmsNorm(graph, attended, w.attn_post_norm);
  x = ggml_add(graph.context, x, Scale(graph, attended, scale));
  ggml_tensor* hidden = RmsNorm(graph, x, w.ffn_norm);
  hidden = w.expert_choice == nullptr ? FeedForward(graph, layer, hidden)
                                      : ExpertFeedForward(graph, layer, hidden);
  hidden = RmsNorm(graph, hidden, w.ffn_post_norm);
  return ggml_add(graph.context, x, Scale(graph, hidden, scale));
}

ggml_tensor* OutputLogits(const GraphBuilder& graph, ggml_tensor* x) {
  const ModelWeights& w = graph.weights;
  x = Linear(graph, w.output, w.output_bias, RmsNorm(graph, x, w.output_norm));
  return SoftCap(graph, Scale(graph, x, graph.config.logit_scale), graph.config.logit_softcap);
}

ggml_tensor* BuildModel(const GraphBuilder& graph) {
  ggml_tensor* x = ggml_set_name(Embed(graph), kSectionEnd);
  for (int i = 0; i < graph.config.num_layers; ++i) {
    x = ggml_set_name(Layer(graph, i, x), kSectionEnd);
  }
  return OutputLogits(graph, x);
}

size_t MostNodes(const ModelConfig& config) {
  constexpr size_t kBeside = 16;   // embedding and output have 13
  constexpr size_t kOfLayer = 48;  // Gemma 3 has 34, Qwen3 with experts 41
  constexpr size_t kOfExpert = 2;  // its view and its sum
  return kBeside + static_cast<size_t>(config.num_layers) *
                       (kOfLayer + kOfExpert * static_cast<size_t>(config.num_used_experts));
}

}  // namespace dynsplit
