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
#include "model/vocabulary.h"

struct ggml_tensor;

namespace dynsplit {

// Shapes are ggml's: the first number is the row length. Matrices are of any type that ggml's CPU
// multiplies; norms and biases are f32. Null where marked optional and the file has none.
struct LayerWeights {
  ggml_tensor* attn_norm = nullptr;  // [embedding]
  ggml_tensor* wq = nullptr;         // [embedding, num_heads * head_dim]
  ggml_tensor* wk = nullptr;         // [embedding, num_kv_heads * head_dim]
  ggml_tensor* wv = nullptr;         // [embedding, num_kv_heads * head_dim]
  ggml_tensor* bq = nullptr;         // [num_heads * head_dim]; llama: optional
  ggml_tensor* bk = nullptr;         // [num_kv_heads * head_dim]; llama: optional
  ggml_tensor* bv = nullptr;         // [num_kv_heads * head_dim]; llama: optional
  ggml_tensor* wo = nullptr;         // [num_heads * head_dim, embedding]
  ggml_tensor* bo = nullptr;         // [embedding]; optional
  ggml_tensor* ffn_norm = nullptr;   // [embedding]
  ggml_tensor* ffn_gate = nullptr;   // [embedding, feed_forward]
  ggml_tensor* ffn_up = nullptr;     // [embedding, feed_forward]
  ggml_tensor* ffn_down = nullptr;   // [feed_forward, embedding]
};

struct ModelWeights {
  ggml_tensor* token_embd = nullptr;   // [embedding, vocab]; for ggml_get_rows, never repacked
  ggml_tensor* output_norm = nullptr;  // [embedding]
  // [embedding, vocab]; the same values as token_embd where the file ties them, and the same
  // tensor unless it is repacked.
  ggml_tensor* output = nullptr;
  ggml_tensor* rope_freqs = nullptr;  // [rope dimensions / 2], f32; optional (Llama 3)
  std::vector<LayerWeights> layers;   // [num_layers]
};

struct WeightsOptions {
  // Copy matrices into ggml's repacked CPU layouts where it has kernels for them on this machine.
  bool repack = false;
};

class Weights {
 public:
  // Opens, checks and maps the GGUF file `path`. NotFound and IoError as MappedFile::Open,
  // Corruption as GgufReader and ReadModelConfig, also for a tensor that is missing or of the
  // wrong shape; Unsupported for an architecture or a tensor type that this build cannot run;
  // ResourceExhausted where the repacked copy finds no memory. Cost: without `repack` that of
  // reading the header and the beginning of each tensor; with it, every matrix is read once.
  static Result<std::unique_ptr<Weights>> Load(const std::string& path,
                                               const WeightsOptions& options = {});
  ~Weights();
  Weights(const Weights&) = delete;
  Weights& operator=(const Weights&) = delete;

  const ModelConfig& config() const;
  // The tensors to build a graph of so many rows with: repacked ones only where they are faster.
  const ModelWeights& tensors(int rows) const;
  // What the file says about its tokens. Moves out: a second call returns an empty one.
  Vocabulary TakeVocabulary();

  // Tells models apart: of the file's length, its header (names, vocabulary, types) and the
  // beginning of each tensor.
  uint64_t fingerprint() const;
  int64_t weight_bytes() const;    // of all tensors in the file
  int64_t repacked_bytes() const;  // of the copies in repacked layouts; 0 without `repack`

 private:
  struct Impl;
  explicit Weights(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dynsplit
