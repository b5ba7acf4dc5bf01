// What the header of a GGUF file says about a model, of any architecture, and what the keys and
// values of a context take. Nothing of the weights is read but their types and sizes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dynsplit/kv_type.h"
#include "dynsplit/status.h"

namespace dynsplit {

// Tensors of one type.
struct TensorTypeSummary {
  std::string type;  // ggml's name: "q4_K"
  int64_t tensors = 0;
  int64_t bytes = 0;
};

struct LayerSummary {
  int64_t kv_heads = 0;
  int64_t window = 0;  // tokens that it attends to; 0: all
};

// What a file does not say is empty. Numbers are the file's own, unchecked.
struct ModelSummary {
  std::string path;
  int64_t file_bytes = 0;  // of all parts
  std::string architecture;
  std::string name;
  int64_t parameters = 0;  // numbers in all tensors

  std::optional<int64_t> layers;
  std::optional<int64_t> embedding;
  std::optional<int64_t> feed_forward;
  std::optional<int64_t> heads;
  std::optional<int64_t> key_dim;  // of a head
  std::optional<int64_t> value_dim;
  std::optional<int64_t> experts;
  std::optional<int64_t> used_experts;
  std::optional<int64_t> context;
  std::vector<LayerSummary> kv_layers;  // [layers], or empty where they are not known

  std::optional<int64_t> vocabulary;  // tokens
  std::string tokenizer;              // "gpt2", "llama", "t5", ...
  std::string pre_tokenizer;
  std::string chat_template;  // its family, "unknown", or "" for none

  std::vector<TensorTypeSummary> types;  // most bytes first
  int64_t weight_bytes = 0;

  // Why this build cannot run the model; OK where it can.
  Status runs;
};

// NotFound, IoError or Corruption for what is no whole GGUF file.
Result<ModelSummary> SummariseModel(const std::string& path);

// Bytes of keys and values that one more token takes; nothing where the file does not tell.
std::optional<int64_t> KvBytesPerToken(const ModelSummary& model, KvType type);

// Bytes of the pages of a sequence of so many tokens, with the last ones in types.hot; layers with
// a window hold no more than it, in whole pages. Nothing where the file does not tell.
std::optional<int64_t> KvBytes(const ModelSummary& model, KvTypes types, int64_t tokens);

}  // namespace dynsplit
