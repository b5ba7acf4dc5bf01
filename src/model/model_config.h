// The hyper-parameters of a model, read from the GGUF keys "general.*" and "<architecture>.*" and
// checked: whoever holds a ModelConfig may rely on the ranges given here. A plain value.
// Source of the keys: ggml's docs/gguf.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dynsplit/status.h"

namespace dynsplit {

class GgufReader;

enum class Architecture { kLlama, kQwen2 };

// The value of "general.architecture": "llama", "qwen2". Static storage.
std::string_view ArchitectureName(Architecture architecture);

// Which two numbers of a head a rotation turns together.
enum class RopeLayout {
  kAdjacent,  // 2i and 2i+1; llama; GGML_ROPE_TYPE_NORMAL
  kHalves,    // i and i + dimension_count/2; qwen2; GGML_ROPE_TYPE_NEOX
};

enum class RopeScaling { kNone, kLinear, kYarn };

struct RopeConfig {
  RopeLayout layout = RopeLayout::kAdjacent;
  int dimension_count = 0;     // numbers of a head that are rotated: even, in [2, head_dim]
  float freq_base = 10000.0f;  // in [1, 1e12]
  RopeScaling scaling = RopeScaling::kNone;
  float factor = 1.0f;            // the context is stretched by it; 1 without scaling, in [1, 1e4]
  float attention_factor = 1.0f;  // "rope.scaling.attn_factor", multiplies YaRN's own; in (0, 1e4]
  int64_t original_context = 0;   // tokens before stretching; context_length without scaling
};

// The widest heads that the attention kernels take.
inline constexpr int kMaxModelHeadDim = 256;

struct ModelConfig {
  Architecture architecture = Architecture::kLlama;
  std::string name;  // general.name; "" where the key is missing

  int num_layers = 0;           // in [1, 512]
  int embedding_length = 0;     // in [1, 2^17]
  int feed_forward_length = 0;  // in [1, 2^20]
  int num_heads = 0;            // query heads, in [1, 1024]
  int num_kv_heads = 0;         // divides num_heads
  int head_dim = 0;             // of queries, keys and values; a multiple of 16, in [16, 256]
  int64_t context_length = 0;   // tokens that the model was trained for, in [1, 2^31)
  int vocab_size = 0;           // entries of tokenizer.ggml.tokens, in [1, 2^24]
  float rms_epsilon = 0.0f;     // in (0, 1]
  RopeConfig rope;

  int QueryLength() const { return num_heads * head_dim; }  // rows of wq
  int KvLength() const { return num_kv_heads * head_dim; }  // rows of wk and of wv
};

// Errors: Unsupported for an architecture or variant (experts, unknown rope scaling, split
// files) that this build cannot run, Corruption for a key that is missing, of the wrong type or out
// of range; the message names the file and the key.
Result<ModelConfig> ReadModelConfig(const GgufReader& reader);

}  // namespace dynsplit
