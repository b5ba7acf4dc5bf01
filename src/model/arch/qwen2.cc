// Qwen2 and 2.5: Llama's layers with biases on queries, keys and values and RoPE on halves (arXiv
// 2407.10671, section 2.2.1); both are properties of weights and configuration.
#include "model/graph_builder.h"

namespace dynsplit {

ggml_tensor* BuildQwen2(const GraphBuilder& graph) { return BuildPreNormModel(graph); }

}  // namespace dynsplit
