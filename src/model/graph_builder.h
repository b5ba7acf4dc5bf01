// The parts that architectures are built of, as ggml graph nodes. An architecture file
// (arch/<name>.cc) strings them together; attention itself comes from the caller. Shapes are
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
  // queries [head_dim, num_heads, rows], keys and values [head_dim, num_kv_heads, rows], after
  // RoPE, f32, contiguous; returns [head_dim * num_heads, rows].
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
};

// [embedding, rows]
ggml_tensor* Embed(const GraphBuilder& graph);
// x / rms(x) * weight
ggml_tensor* RmsNorm(const GraphBuilder& graph, ggml_tensor* x, ggml_tensor* weight);
// weight * x, plus bias where it is not null: [weight rows, x rows]
ggml_tensor* Linear(const GraphBuilder& graph, ggml_tensor* weight, ggml_tensor* bias,
                    ggml_tensor* x);
// Self-attention of a layer on its normalised input, projected back: [embedding, rows]
ggml_tensor* SelfAttention(const GraphBuilder& graph, int layer, ggml_tensor* x);
// down(silu(gate(x)) * up(x)): [embedding, rows]
ggml_tensor* SwiGlu(const GraphBuilder& graph, int layer, ggml_tensor* x);
// x + attention(norm(x)), then x + feed_forward(norm(x)). The last layer goes on with only the rows
// whose logits are wanted.
ggml_tensor* PreNormLayer(const GraphBuilder& graph, int layer, ggml_tensor* x);
// Final norm and output projection: [vocab, outputs]
ggml_tensor* OutputLogits(const GraphBuilder& graph, ggml_tensor* x);

// The whole model: logits [vocab, outputs].
ggml_tensor* BuildModel(const GraphBuilder& graph);

// Embedding, pre-norm layers, logits: what the architectures below have in common.
ggml_tensor* BuildPreNormModel(const GraphBuilder& graph);

// One function per architecture, in arch/<name>.cc.
ggml_tensor* BuildLlama(const GraphBuilder& graph);
ggml_tensor* BuildQwen2(const GraphBuilder& graph);

}  // namespace dynsplit
