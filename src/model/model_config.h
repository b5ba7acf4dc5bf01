// The hyper-parameters of a model, read from the GGUF keys "general.*" and "<architecture>.*" and
// checked: whoever holds a ModelConfig may rely on the ranges given here. A plain value.
// Source of the keys: ggml's docs/gguf.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dynsplit/model.h"
#include "dynsplit/status.h"

namespace dynsplit {

class GgufReader;

struct Architecture;  // model/architecture.h

// Which two numbers of a head a rotation turns together.
enum class RopeLayout {
  kAdjacent,  // 2i and 2i+1; GGML_ROPE_TYPE_NORMAL
  kHalves,    // i and i + dimension_count/2; GGML_ROPE_TYPE_NEOX
};

// What the gate of a feed-forward block passes through.
enum class Activation { kSilu, kGelu };

inline constexpr float kMaxFreqBase = 1e12f;

struct RopeConfig {
  RopeLayout layout = RopeLayout::kAdjacent;
  int dimension_count = 0;     // numbers of a head that are rotated: even, in [2, head_dim]
  float freq_base = 10000.0f;  // in [1, 1e12]
  RopeScaling scaling = RopeScaling::kNone;
  float factor = 1.0f;            // the context is stretched by it; 1 without scaling, in [1, 1e4]
  float attention_factor = 1.0f;  // "rope.scaling.attn_factor", multiplies YaRN's own; in (0, 1e4]
  // Tokens before stretching; context_length without scaling. Of a model with two sets of frequency
  // factors, the longest context that takes the short ones.
  int64_t original_context = 0;
};

// The widest heads that the attention kernels take.
inline constexpr int kMaxModelHeadDim = 256;

// What may differ from layer to layer.
struct LayerConfig {
  int num_kv_heads = 0;  // divides num_heads
  // A token attends to itself and to the window - 1 tokens before it; 0: to all before it.
  int window = 0;
  bool rotates = true;  // RoPE; a layer without it knows no positions
};

struct ModelConfig {
  const Architecture* architecture = nullptr;
  std::string name;  // general.name; "" where the key is missing

  int num_layers = 0;           // in [1, 512]
  int embedding_length = 0;     // in [1, 2^17]
  int feed_forward_length = 0;  // in [1, 2^20]
  int num_heads = 0;            // query heads, in [1, 1024]
  int head_dim = 0;             // of queries and keys; a multiple of 16, in [16, 256]
  int value_dim = 0;            // of values; the same ranges
  int64_t context_length = 0;   // tokens that the model was made for, in [1, 2^31)
  int vocab_size = 0;           // entries of tokenizer.ggml.tokens, in [1, 2^24]
  float rms_epsilon = 0.0f;     // in (0, 1]
  Activation activation = Activation::kSilu;
  RopeConfig rope;                  // of layers that attend to all
  RopeConfig window_rope;           // of layers with a window
  std::vector<LayerConfig> layers;  // [num_layers]

  // A score is attention_scale * q.k, then, where the soft-cap c is not 0, c * tanh(score / c).
  float attention_scale = 0.0f;  // 1 / sqrt(head_dim) unless the model has its own; in (0, 1e4]
  float attention_softcap = 0.0f;
  float logit_softcap = 0.0f;  // the same for the logits

  // Factors of some families; 1 elsewhere.
  float embedding_scale = 1.0f;  // of the embedded tokens
  float residual_scale = 1.0f;   // of what a layer's two parts add
  float logit_scale = 1.0f;

  // Mixtures of experts; 0 in dense models.
  int num_experts = 0;                 // in [1, 1024]
  int num_used_experts = 0;            // for each token, in [1, 64], at most num_experts
  int expert_feed_forward_length = 0;  // in [1, 2^20]

  int QueryLength() const { return num_heads * head_dim; }                            // rows of wq
  int KeyLength(int layer) const { return Layer(layer).num_kv_heads * head_dim; }     // of wk
  int ValueLength(int layer) const { return Layer(layer).num_kv_heads * value_dim; }  // of wv
  int AttendedLength() const { return num_heads * value_dim; }  // row length of wo
  const LayerConfig& Layer(int layer) const { return layers[static_cast<size_t>(layer)]; }
  const RopeConfig& RopeOf(int layer) const {
    return Layer(layer).window == 0 ? rope : window_rope;
  }
};

// Errors: Unsupported for an architecture or variant (an unknown rope scaling, say)
// that this build cannot run, Corruption for a key that is missing, of the wrong type or out
// of range; the message names the file and the key.
Result<ModelConfig> ReadModelConfig(const GgufReader& reader);

// Stretches the context as the caller wants it instead of as the file says, in layers that attend
// to all; context_length becomes that of the stretched context. InvalidArgument for a number out of
// range.
Status ApplyRope(const RopeOptions& options, ModelConfig* config);

}  // namespace dynsplit
