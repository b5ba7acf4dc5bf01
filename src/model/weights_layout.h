// Which tensors a model of a configuration has, under which names and of which shapes, and where
// each goes in ModelWeights. Those of a layer are named by the model's architecture (arch/).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
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
  // The file may hold several matrices in one tensor, one below the other, or several vectors, one
  // after the other: which of its rows (numbers of a vector) this one begins at, and how many it
  // has. 0: those of `shape`.
  int64_t first_row = 0;
  int64_t file_rows = 0;

  size_t rows_dim() const { return use == WeightUse::kVector ? 0 : 1; }  // of `shape`
};

// Whether the file has a tensor of that name.
using HasTensor = std::function<bool(std::string_view)>;

// Adds the slots of one layer. Its groups are what architectures have in common; names are those of
// GGUF files.
class LayerSlots {
 public:
  LayerSlots(const ModelConfig& config, int layer, const HasTensor& has, LayerWeights* weights,
             std::vector<WeightSlot>* slots);

  // attn_norm and ffn_norm: before attention and feed-forward block
  void PreNorms();
  // post_attention_norm and post_ffw_norm: after them
  void PostNorms();
  // attn_q, attn_k and attn_v, or the three in one tensor, attn_qkv, and attn_output: with biases
  // where the file has them
  void Attention();
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
  // Matrices or biases of one tensor, in the order of its rows.
  struct Part {
    int64_t out;
    ggml_tensor** tensor;
  };
  void Fused(const char* name, int64_t in, const std::vector<Part>& parts);
  void FusedBias(const char* name, const std::vector<Part>& parts);
  void JoinLast(size_t count);
  void Stack(const char* name, int64_t in, int64_t out, ggml_tensor** tensor);
  void Norm(const char* name, int64_t length, ggml_tensor** tensor);
  void Bias(const char* name, int64_t length, ggml_tensor** tensor);

  const ModelConfig& config_;
  int layer_;
  const HasTensor& has_;
  std::string prefix_;  // "blk.0."
  LayerWeights* weights_;
  std::vector<WeightSlot>* slots_;
};

// Sizes weights->layers and lists every tensor that the architecture names, of those that stand for
// one another the ones that the file has. The slots point into `weights`, which must outlive them
// and keep its layers.
std::vector<WeightSlot> ListWeightSlots(const ModelConfig& config, const HasTensor& has,
                                        ModelWeights* weights);

}  // namespace dynsplit
