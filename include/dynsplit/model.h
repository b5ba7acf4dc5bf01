// A model file, opened: weights, hyper-parameters, vocabulary and chat template. Immutable after
// loading, so one Model may serve any number of engines and threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dynsplit/chat.h"
#include "dynsplit/status.h"
#include "dynsplit/tokenizer.h"

namespace dynsplit {

// How positions beyond those that a model was made for are brought into its range: kLinear divides
// them by the factor (arXiv 2306.15595), kYarn does so for slow rotations only (arXiv 2309.00071).
enum class RopeScaling { kNone, kLinear, kYarn };

// Each replaces what the file says. Without any, the file's own hold.
struct RopeOptions {
  std::optional<RopeScaling> scaling = {};
  std::optional<float> factor = {};              // the context is stretched by it; in [1, 10000]
  std::optional<float> freq_base = {};           // in [1, 1e12]
  std::optional<int64_t> original_context = {};  // tokens before stretching; at least 1
};

struct ModelOptions {
  // Copy matrix weights into ggml's repacked layouts too, where the machine has kernels for them:
  // decoding is about 1.3 times as fast (Q4_K), and these weights are held twice.
  bool repack = true;
  RopeOptions rope = {};
};

struct LayerDescription {
  int num_kv_heads = 0;
  // A token attends to itself and to the window - 1 tokens before it; 0: to all before it. Only
  // layers without a window select.
  int window = 0;
};

struct ModelDescription {
  std::string name;          // general.name, or the file's name
  std::string architecture;  // "llama", "qwen2", ...; docs/models.md lists them
  int num_layers = 0;
  int num_heads = 0;                     // query heads
  int num_kv_heads = 0;                  // KV heads, of the layer that has most
  int head_dim = 0;                      // of queries and keys
  int value_dim = 0;                     // of values
  std::vector<LayerDescription> layers;  // [num_layers]
  int embedding_length = 0;
  int vocab_size = 0;
  int64_t context_length = 0;  // tokens that the model was trained for
  int64_t weight_bytes = 0;
  // Bytes of keys and values of a text of so many tokens over all layers, in f16: of a layer with a
  // window no more than that holds. Pages round them up.
  int64_t KvBytes(int64_t tokens) const;
  // Of one more token, before any window is full.
  int64_t KvBytesPerToken() const { return KvBytes(1); }
};

class Model {
 public:
  // Opens a GGUF file. NotFound, IoError, Corruption or Unsupported, with the reason.
  static Result<std::shared_ptr<const Model>> Load(const std::string& path,
                                                   const ModelOptions& options = {});
  ~Model();

  const ModelDescription& description() const;
  const Tokenizer& tokenizer() const;
  // The model's own chat template; Unsupported (naming --raw and --chat-template) where it has
  // none that is known.
  const Result<ChatTemplate>& chat_template() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }  // for the engine

 private:
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dynsplit
