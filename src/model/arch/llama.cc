// Llama 2 and 3, Mistral, Yi, SmolLM2: pre-norm layers of attention and SwiGLU (arXiv 2302.13971,
// section 2.2). RoPE turns adjacent pairs, to which the file's weights are already permuted; its
// frequency factors (Llama 3) come as a tensor.
#include "model/graph_builder.h"

namespace dynsplit {

ggml_tensor* BuildLlama(const GraphBuilder& graph) { return BuildPreNormModel(graph); }

}  // namespace dynsplit
