// Which tensors a model of a configuration has, under which names and of which shapes, and where
// each goes in ModelWeights. Those of a layer are named by the model's architecture (arch/).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/model_config.h"
#include "model/weights.h"

namespace dynsplit {

enum class WeightUse {
  kMatrix,     // the left side of a matrix product
  kExperts,    // one such matrix for each expert
  kEmbedding,  // looked up by row, and the matrix of the output where the file ties them
  kVector,     // f32, added or multiplied element by element
};

struct WeightSlot {
  std::string name;              // in the file
  std::array<int64_t, 3> shape;  // ggml's order; 1 from the second number of a vector on
  WeightUse use;
  bool required;
  ggml_tensor** tensor;  // where it goes; within the ModelWeights given
  // The file may hold several matrices in one tensor, one below the other: which of its rows this
  // one begins at, and how many it has. 0 rows: those of `shape`.
  int64_t first_row = 0;
  int64_t file_rows = 0;
};

// Adds the slots of one layer. Its groups are what architectures have in common; names are those of
// GGUF files.
class LayerSlots {
 public:
  LayerSlots(const ModelConfig& config, int layer, LayerWeights* weights,
             std::vector<WeightSlot>* slots);

  // attn_norm and ffn_norm: before attention and feed-forward block
  void PreNorms();
  // post_attention_norm and post_ffw_norm: after them
  void PostNorms();
  // attn_q, attn_k, attn_v, with biases, and attn_output
  enum class Biases { kRequired, kOptional };
  void Attention(Biases biases = Biases::kOptional);
  // The same with queries, keys and values in one tensor, attn_qkv
  void FusedAttention();
  // attn_q_norm and attn_k_norm: of each head, or of all heads of a token together
  void HeadNorms();
  void WholeNorms();
  // ffn_gate, ffn_up and ffn_down, with biases where the file has them
  void FeedForward();
  // The same with gate and up in one tensor, ffn_up
  void FusedFeedForward();
  // ffn_gate_inp, which chooses, and ffn_{gate,up,down}_exps
  void Experts();

 private:
  void Matrix(const char* name, int64_t in, int64_t out, ggml_tensor** tensor);
  // Matrices of one tensor, in the order of its rows.
  struct Part {
    int64_t out;
    ggml_tensor** tensor;
  };
  void Fused(const char* name, int64_t in, const std::vector<Part>& parts);
  void Stack(const char* name, int64_t in, int64_t out, ggml_tensor** tensor);
  void Norm(const char* name, int64_t length, ggml_tensor** tensor);
  void Bias(const char* name, int64_t length, bool required, ggml_tensor** tensor);
  void AttentionOutput();

  const ModelConfig& config_;
  int layer_;
  std::string prefix_;  // "blk.0."
  LayerWeights* weights_;
  std::vector<WeightSlot>* slots_;
};

// Sizes weights->layers and lists every tensor that the architecture names. The slots point into
// `weights`, which must outlive them and keep its layers.
std::vector<WeightSlot> ListWeightSlots(const ModelConfig& config, ModelWeights* weights);

}  // namespace dynsplit
