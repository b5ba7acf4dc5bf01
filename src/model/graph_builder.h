// The model as ggml graph nodes: one graph for all architectures, whose layers do what the weights
// that there are and the configuration say. Attention itself comes from the caller. Shapes are
// ggml's: the first number is the row length. All functions add nodes to `graph.context` and
// compute nothing.
#pragma once

#include "ggml.h"
#include "model/model_config.h"
#include "model/weights.h"

namespace dynsplit {

// Where the KV cache meets the graph.
class AttentionBuilder {
 public:
  virtual ~AttentionBuilder() = default;
  // queries [head_dim, num_heads, rows] and keys [head_dim, num_kv_heads, rows] after RoPE, values
  // [value_dim, num_kv_heads, rows], f32, contiguous, with the layer's own num_kv_heads; returns
  // [value_dim * num_heads, rows].
  virtual ggml_tensor* Build(ggml_context* context, int layer, ggml_tensor* queries,
                             ggml_tensor* keys, ggml_tensor* values) = 0;
};

// The name of the nodes that end the embedding and each layer, for who measures a graph.
inline constexpr char kSectionEnd[] = "section_end";

struct GraphInputs {
  ggml_tensor* tokens = nullptr;       // [rows] i32
  ggml_tensor* positions = nullptr;    // [rows] i32
  ggml_tensor* output_rows = nullptr;  // [outputs] i32: rows whose logits are wanted
};

struct GraphBuilder {
  ggml_context* context;
  const ModelConfig& config;
  const ModelWeights& weights;
  const GraphInputs& inputs;
  AttentionBuilder& attention;
  int64_t context_tokens;  // room of a sequence: which of two sets of frequency factors to take
};

// [embedding, rows]
ggml_tensor* Embed(const GraphBuilder& graph);
// x / rms(x) * weight; x where weight is null
ggml_tensor* RmsNorm(const GraphBuilder& graph, ggml_tensor* x, ggml_tensor* weight);
// weight * x, plus bias where it is not null: [weight rows, x rows]
ggml_tensor* Linear(const GraphBuilder& graph, ggml_tensor* weight, ggml_tensor* bias,
                    ggml_tensor* x);
// Self-attention of a layer on its normalised input, projected back: [embedding, rows]
ggml_tensor* SelfAttention(const GraphBuilder& graph, int layer, ggml_tensor* x);
// down(activation(gate(x)) * up(x)): [embedding, rows]
ggml_tensor* FeedForward(const GraphBuilder& graph, int layer, ggml_tensor* x);
// The sum of that over the num_used_experts experts that expert_choice likes most, each times its
// share of their softmax (arXiv 2505.09388, section 2): [embedding, rows]
ggml_tensor* ExpertFeedForward(const GraphBuilder& graph, int layer, ggml_tensor* x);
// x + attention(x), then x + feed_forward(x), each normalised before and after as the weights say.
// The last layer goes on with only the rows whose logits are wanted.
ggml_tensor* Layer(const GraphBuilder& graph, int layer, ggml_tensor* x);
// Final norm, output projection and soft-cap: [vocab, outputs]
ggml_tensor* OutputLogits(const GraphBuilder& graph, ggml_tensor* x);

// The whole model: logits [vocab, outputs].
ggml_tensor* BuildModel(const GraphBuilder& graph);

// The most nodes that BuildModel adds, without those of `attention`.
size_t MostNodes(const ModelConfig& config);

}  // namespace dynsplit
