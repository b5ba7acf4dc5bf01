// The weights of a model as ggml tensors. They are mapped from the file: but for the first
// 4 KiB of each nothing is read before it is used, and processes share the pages. With `repack`,
// the matrices for which ggml's CPU has interleaved layouts are also copied into such a buffer, for
// passes of a few rows (decoding) and, with a ggml older than 0.25, for all. Presence, shape and
// type of every tensor are checked here; a graph builder may rely on them. Immutable after Load, so
// any number of threads and graphs may read one object.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dynsplit/status.h"
#include "model/model_config.h"
#include "model/model_file.h"

struct ggml_tensor;

namespace dynsplit {

// Shapes are ggml's: the first number is the row length. Matrices are of any type that ggml's CPU
// multiplies; norms and biases are f32. Null where marked optional and the file has none.
struct LayerWeights {
  ggml_tensor* attn_norm = nullptr;  // [embedding]; optional
  ggml_tensor* wq = nullptr;         // [embedding, num_heads * head_dim]
  ggml_tensor* wk = nullptr;         // [embedding, num_kv_heads * head_dim]
  ggml_tensor* wv = nullptr;         // [embedding, num_kv_heads * value_dim]
  ggml_tensor* bq = nullptr;         // [num_heads * head_dim]; optional
  ggml_tensor* bk = nullptr;         // [num_kv_heads * head_dim]; optional
  ggml_tensor* bv = nullptr;         // [num_kv_heads * value_dim]; optional
  // [head_dim], for each head, or the length of bq and bk, for all heads together; optional
  ggml_tensor* q_norm = nullptr;
  ggml_tensor* k_norm = nullptr;
  ggml_tensor* wo = nullptr;              // [num_heads * value_dim, embedding]
  ggml_tensor* bo = nullptr;              // [embedding]; optional
  ggml_tensor* attn_post_norm = nullptr;  // [embedding]; optional

  ggml_tensor* ffn_norm = nullptr;       // [embedding]; optional
  ggml_tensor* expert_choice = nullptr;  // [embedding, num_experts]; null in dense models
  // Of a mixture of experts one each: [.., .., num_experts], and expert_feed_forward for
  // feed_forward.
  ggml_tensor* ffn_gate = nullptr;       // [embedding, feed_forward]
  ggml_tensor* ffn_up = nullptr;         // [embedding, feed_forward]
  ggml_tensor* ffn_down = nullptr;       // [feed_forward, embedding]
  ggml_tensor* ffn_gate_bias = nullptr;  // [feed_forward]; optional
  ggml_tensor* ffn_up_bias = nullptr;    // [feed_forward]; optional
  ggml_tensor* ffn_down_bias = nullptr;  // [embedding]; optional
  ggml_tensor* ffn_post_norm = nullptr;  // [embedding]; optional
};

struct ModelWeights {
  ggml_tensor* token_embd = nullptr;   // [embedding, vocab]; for ggml_get_rows, never repacked
  ggml_tensor* output_norm = nullptr;  // [embedding]
  // [embedding, vocab]; the same values as token_embd where the file ties them, and the same
  // tensor unless it is repacked.
  ggml_tensor* output = nullptr;
  ggml_tensor* output_bias = nullptr;  // [vocab]; optional
  // What the angles of the pairs are divided by, [rope dimensions / 2]; optional. Llama 3 has one
  // set. Phi 3 has two: of which a context takes one, by its length (RopeConfig).
  ggml_tensor* rope_freqs = nullptr;
  ggml_tensor* rope_short = nullptr;
  ggml_tensor* rope_long = nullptr;
  std::vector<LayerWeights> layers;  // [num_layers]
};

struct WeightsOptions {
  // Copy matrices into ggml's repacked CPU layouts where it has kernels for them on this machine.
  bool repack = false;
};

class Weights {
 public:
  // Checks the tensors of `file` against `config`, which was read from it, and maps them.
  // Corruption for a tensor that is missing or of the wrong shape; Unsupported for one that the
  // architecture does not have or whose type this build cannot run; ResourceExhausted where the
  // repacked copy finds no memory. Cost: without `repack` that of reading the beginning of each
  // tensor; with it, every matrix is read once.
  static Result<std::unique_ptr<Weights>> Load(ModelFile file, const ModelConfig& config,
                                               const WeightsOptions& options = {});
  // Opens a file and reads its configuration first: errors as ModelFile::Open and ReadModelConfig.
  static Result<std::unique_ptr<Weights>> Load(const std::string& path,
                                               const WeightsOptions& options = {});
  ~Weights();
  Weights(const Weights&) = delete;
  Weights& operator=(const Weights&) = delete;

  const ModelConfig& config() const;
  // The tensors to build a graph of so many rows with: repacked ones only where they are faster.
  const ModelWeights& tensors(int rows) const;

  // Tells models apart: of the files' lengths, their headers (names, vocabulary, types) and the
  // beginning of each tensor.
  uint64_t fingerprint() const;
  int64_t weight_bytes() const;    // of all tensors in the files
  int64_t repacked_bytes() const;  // of the copies in repacked layouts; 0 without `repack`

 private:
  struct Impl;
  explicit Weights(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dynsplit
